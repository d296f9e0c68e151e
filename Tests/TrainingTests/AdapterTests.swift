import Checkpoints
import Files
import Foundation
import GPT2
import Layers
import Tensors
import TestSupport
import Testing
import Training

/// Low-rank adapters against PEFT (Fixtures/make_adapters.py).
@Suite struct AdapterTests {
    private struct Reference: Decodable {
        let tokens: [Int]
        let logits: [[Double]]
    }

    private static func folder() throws -> URL {
        try TrainingReference.folder().deletingLastPathComponent().appendingPathComponent("adapters")
    }

    private func adapted() throws -> GPT2 {
        var model = try TrainingReference.model("base")
        try model.addAdapters(rank: 2, alpha: 6, targets: ["c_attn", "mlp.c_proj"], seed: 1)
        return model
    }

    private func logits(_ model: GPT2, _ tokens: [Int]) throws -> Tensor {
        var batch = ForwardBatch()
        try batch.append(whole: tokens)
        return model.logits(batch, rows: .all, ForwardContext())
    }

    @Test func PEFTsAdaptersGiveItsLogits() throws {
        let folder = try Self.folder()
        let reference = try JSONDecoder().decode(
            Reference.self, from: Data(contentsOf: folder.appendingPathComponent("logits.json")))
        var model = try adapted()
        try AdapterFiles.read(into: &model, from: folder.path)
        let expected = reference.logits.flatMap { $0 }
        let largest = expected.reduce(0) { max($0, abs($1)) }
        for network in [model, model.merged(ForwardContext()), model.packed()] {
            let found = try logits(network, reference.tokens).values
            let error = largestDifference(found, expected)
            #expect(error <= 1e-5 * largest, "\(error) of \(largest)")
        }
        // The adapters do something: without them the logits are others.
        let bare = try logits(TrainingReference.model("base"), reference.tokens).values
        #expect(zip(bare, expected).contains { abs(Double($0) - $1) > 0.01 * largest })
    }

    @Test func savedAdaptersHavePEFTsNamesAndShapes() throws {
        let saved = try TemporaryFolder()
        try AdapterFiles.write(
            adapted(), rank: 2, alpha: 6, targets: ["c_attn", "mlp.c_proj"], base: "models/base", to: saved.path)
        func shapes(_ folder: String) throws -> [String: [Int]] {
            let file = try SafetensorsFile(path: "\(folder)/adapter_model.safetensors")
            return Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.shape) })
        }
        #expect(try shapes(saved.path) == shapes(Self.folder().path))
        let text = try Data(contentsOf: URL(fileURLWithPath: "\(saved.path)/adapter_config.json"))
        let configuration = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        #expect(configuration["r"] as? Int == 2)
        #expect(configuration["lora_alpha"] as? Double == 6)
        #expect(configuration["peft_type"] as? String == "LORA")
        #expect(configuration["target_modules"] as? [String] == ["c_attn", "mlp.c_proj"])
    }

    @Test func freshAdaptersChangeNothingAndTrainAlone() throws {
        let reference = try TrainingReference("base")
        let rows = reference.batches[0]
        let targets = rows.flatMap { $0.dropFirst().map(Int32.init) }
        var model = try adapted()
        var context = ForwardContext()
        let bare = try TrainingReference.model("base").loss(ForwardBatch(rows: rows), targets: targets, context)
        var optimizer = AdamW()
        var losses: [Float] = []
        for _ in 0..<5 {
            let tape = context.startTape()
            let loss = model.loss(try ForwardBatch(rows: rows), targets: targets, context)
            losses.append(loss.values[0])
            let gradients = try tape.gradients(of: loss, context: context)
            optimizer.update(&model, gradients: gradients, rate: 0.01, context)
        }
        #expect(losses[0] == bare.values[0])
        #expect(losses[4] < losses[0] - 0.05)
        let before = Dictionary(
            uniqueKeysWithValues: try TrainingReference.model("base").parameters.map { ($0.path, $0.tensor.values) })
        for (path, tensor) in model.parameters where !path.contains("lora_") {
            #expect(before[path] == tensor.values, "\(path)")
        }
    }

    @Test func anUnknownTargetIsRefused() throws {
        var model = try TrainingReference.model("base")
        let error = caughtError { () throws(InputError) in
            try model.addAdapters(rank: 2, alpha: 6, targets: ["c_attn", "q_proj"], seed: 1)
        }
        #expect(error?.problem == "no layer's name ends with \"q_proj\"")
    }

    /// As PEFT has it: a layer is named when one of the targets names it.
    @Test func targetsMayOverlap() throws {
        func paths(_ targets: [String]) throws -> [String] {
            var model = try TrainingReference.model("base")
            try model.addAdapters(rank: 2, alpha: 6, targets: targets, seed: 1)
            return model.adapterParameters.map(\.path)
        }
        #expect(try paths(["c_proj", "attn.c_proj"]) == paths(["c_proj"]))
    }

    @Test func aRankAboveALayersSideIsRefused() throws {
        var model = try TrainingReference.model("base")
        let channels = model.configuration.channels
        try model.addAdapters(rank: channels, alpha: 6, targets: ["c_attn"], seed: 1)
        let error = caughtError { () throws(InputError) in
            try model.addAdapters(rank: 2_000_000_000, alpha: 6, targets: ["c_attn"], seed: 1)
        }
        #expect(error?.place == "--lora-rank" && error?.advice.contains("at most \(channels)") == true)
    }
}
