import Foundation
import TestSupport
import Testing

/// Training that starts from a model, on token files: transformers says what the model's loss is.
struct TrainFurtherTests {
    private let folder: TemporaryFolder
    private let expected: Fixture.Expected

    init() throws {
        folder = try TemporaryFolder()
        expected = try Fixture.expected()
    }

    /// The tokens of the text whose loss is known, the end token before them.
    private func scoredTokens() async throws -> [UInt16] {
        let run = try await Command.run(["tokenize", "--model", Fixture.tiny, expected.scoredText])
        let ids = run.text.trimmingCharacters(in: .newlines).split(separator: ",").compactMap { UInt16($0) }
        try #require(ids.count == expected.scoredTokens)
        return [299] + ids
    }

    /// A folder as nanoGPT's prepare.py leaves it.
    private func tokenFiles(_ name: String, training: [UInt16], validation: [UInt16]) throws -> String {
        let path = "\(folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (file, ids) in [("train.bin", training), ("val.bin", validation)] {
            try folder.write("\(name)/\(file)", ids.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        }
        return path
    }

    private func train(
        _ name: String, _ options: [String]
    ) async throws -> (folder: TrainingFolder, run: Command) {
        try await TrainingFolder.train(
            "\(folder.path)/\(name)",
            [
                "--init", Fixture.tiny, "--context", "\(expected.scoredTokens)", "--batch-size", "1", "--warmup-steps",
                "0", "--schedule", "constant",
            ] + options)
    }

    /// At a rate that moves no weight. There is room for one window only, so every step has it.
    private static let still = ["--learning-rate", "1e-30", "--steps", "2"]

    @Test func aRunBeginsWithTheModelThatItIsGiven() async throws {
        let ids = try await scoredTokens()
        let tokens = try tokenFiles("tokens", training: ids, validation: ids)
        let (run, command) = try await train("still", ["--tokens", tokens] + Self.still)
        #expect(command.messages.contains("32 tokens to train with, 32 to validate with"))
        let losses = try run.losses() + run.validationLosses()
        #expect(losses.count == 3)
        for loss in losses { #expect(abs(loss - expected.loss) < 1e-5, "\(loss), not \(expected.loss)") }
        let start = try SafetensorsContent("\(Fixture.tiny)/model.safetensors").tensors
        let end = try SafetensorsContent("\(run.checkpoint("best"))/model.safetensors").tensors
        #expect(Set(end.keys) == Set(start.keys))
        for (name, tensor) in start { #expect(end[name]?.values == tensor.values, "\(name)") }

        let (moving, _) = try await train("moving", ["--tokens", tokens, "--learning-rate", "0.003", "--steps", "20"])
        #expect(try moving.validationLosses()[0] < expected.loss - 0.5)
    }

    @Test func checkpointsCarryTheStartModelsTokenizer() async throws {
        let text = try folder.write("text.txt", String(repeating: expected.scoredText, count: 20).utf8)
        let (run, _) = try await train("text", ["--text", text] + Self.still)
        for (text, ids) in expected.tokens where !text.isEmpty {
            let found = try await Command.run(["tokenize", "--model", run.checkpoint("best"), text])
            #expect(found.text == ids.map(String.init).joined(separator: ",") + "\n")
        }
    }

    @Test func windowsAreThoseOfTheWholeValidationDataOrSpreadOverIt() async throws {
        let ids = try await scoredTokens()
        let other = (0..<ids.count).map { UInt16($0 * 37 % 299) }
        let length = expected.scoredTokens
        func loss(_ name: String, _ validation: [UInt16], windows: Int) async throws -> Double {
            let tokens = try tokenFiles("tokens-\(name)", training: ids, validation: validation)
            let options = ["--tokens", tokens, "--evaluate-windows", "\(windows)"]
            return try #require(try await train(name, options + Self.still).folder.validationLosses().first)
        }
        // Three windows, the second of which begins with the last token of the first; and a rest of four tokens.
        let second = [ids[length]] + other.dropFirst()
        let third = [second[length]] + ids.reversed().dropFirst()
        let rest = [third[length], 1, 2, 3, 4]
        let all = ids + second.dropFirst() + third.dropFirst() + rest.dropFirst()
        #expect(try await abs(loss("one", all, windows: 1) - expected.loss) < 1e-5)
        let parts = [
            try await loss("second", second, windows: 0), try await loss("third", third, windows: 0),
            try await loss("rest", rest, windows: 0),
        ]
        let mean = (Double(length) * (expected.loss + parts[0] + parts[1]) + 4 * parts[2]) / Double(3 * length + 4)
        #expect(try await abs(loss("all", all, windows: 0) - mean) < 1e-5)
        // Two of the four, evenly spread: the first and the third.
        #expect(try await abs(loss("two", all, windows: 2) - (expected.loss + parts[1]) / 2) < 1e-5)
    }

    // MARK: Adapters

    private func adapterOptions() async throws -> [String] {
        let ids = try await scoredTokens()
        return [
            "--tokens", try tokenFiles("tokens", training: ids, validation: ids), "--lora-rank", "2", "--lora-alpha",
            "6", "--lora-targets", "c_attn", "mlp.c_proj", "--learning-rate", "0.01", "--checkpoint-every", "5",
        ]
    }

    @Test func adaptersAreMergedAndApart() async throws {
        let (run, _) = try await train("adapters", try await adapterOptions() + ["--steps", "10"])
        let losses = try run.losses()
        #expect(abs(losses[0] - expected.loss) < 1e-5)
        #expect(losses[9] < losses[0] - 0.1)

        let checkpoint = run.checkpoint("step-10")
        let configuration = try #require(
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: "\(checkpoint)/adapter/adapter_config.json")))
                as? [String: Any])
        #expect(configuration["r"] as? Int == 2 && configuration["lora_alpha"] as? Double == 6)
        #expect(configuration["target_modules"] as? [String] == ["c_attn", "mlp.c_proj"])

        // W[i, o] + alpha / rank Σ_r B[o, r] A[r, i], as the paper has it; a layer without adapters stays as it was.
        let start = try SafetensorsContent("\(Fixture.tiny)/model.safetensors").tensors
        let merged = try SafetensorsContent("\(checkpoint)/model.safetensors").tensors
        let adapters = try SafetensorsContent("\(checkpoint)/adapter/adapter_model.safetensors").tensors
        #expect(Set(merged.keys) == Set(start.keys))
        #expect(adapters.count == 8)
        for (name, tensor) in start {
            let layer = "base_model.model.transformer.\(name.dropLast(".weight".count))"
            let found = try #require(merged[name]).values
            guard let a = adapters["\(layer).lora_A.weight"], let b = adapters["\(layer).lora_B.weight"] else {
                #expect(found == tensor.values, "\(name)")
                continue
            }
            let (inputs, outputs) = (tensor.shape[0], tensor.shape[1])
            #expect(a.shape == [2, inputs] && b.shape == [outputs, 2])
            var largest: Float = 0
            for i in 0..<inputs {
                for o in 0..<outputs {
                    let product = b.values[2 * o] * a.values[i] + b.values[2 * o + 1] * a.values[inputs + i]
                    let wanted = tensor.values[i * outputs + o] + 3 * product
                    #expect(abs(found[i * outputs + o] - wanted) < 1e-5, "\(name)")
                    largest = max(largest, abs(product))
                }
            }
            #expect(largest > 1e-3, "\(name) has learnt nothing")
        }
    }

    /// From the middle of the run, as if it had been killed there.
    @Test func adaptersGoOnBitForBit() async throws {
        let (run, _) = try await train("adapters", try await adapterOptions() + ["--steps", "10"])
        let files = ["metrics.jsonl", "model", "adapter/adapter_model", "training"].map {
            $0.hasSuffix("jsonl") ? $0 : "checkpoints/step-10/\($0).safetensors"
        }
        let (lines, before) = (try run.metrics(), try files.dropFirst().map(run.bytes))
        try FileManager.default.removeItem(atPath: run.checkpoint("step-10"))
        let resumed = try await Command.run(["train", "--resume", "--out", run.path])
        try #require(resumed.status == 0, "\(resumed.messages)")
        #expect(resumed.messages.contains("going on after step 5"))
        #expect(try run.metrics() == lines)
        #expect(try files.dropFirst().map(run.bytes) == before)
    }
}
