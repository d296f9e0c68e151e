import Checkpoints
import Files
import Foundation
import GPT2
import Tensors
import TestSupport
import Testing

/// Models written again in another format, against what PyTorch's `half()` and transformers' `save_pretrained` wrote.
@Suite struct ModelConversionTests {
    private let folder: TemporaryFolder
    private let out: String

    init() throws {
        folder = try TemporaryFolder()
        out = "\(folder.path)/models/new"
    }

    private func convert(_ name: String, _ format: WeightFormat) throws -> Weights {
        try ModelConversion(directory: Fixture.url(name).path).write(format, to: out)
        return try ModelDirectory(out).weights()
    }

    private func bytes(_ weights: Weights) -> [String: [UInt8]] {
        Dictionary(uniqueKeysWithValues: weights.names.map { ($0, weights[$0].map { [UInt8]($0.bytes) } ?? []) })
    }

    @Test(arguments: ["plain", "sharded", "prefixless", "legacy", "f16"])
    func halvesAreThoseOfPyTorch(_ name: String) throws {
        let weights = try convert(name, .f16)
        #expect(bytes(weights) == bytes(try Fixture.directory("f16").weights()))
        #expect(weights.names.allSatisfy { weights[$0]?.dtype == .f16 })
        let fields = try JSONFields(ModelDirectory(out).configuration(), in: "config.json")
        #expect(try fields.optionalString("torch_dtype") == "float16")
        #expect(try GPT2Model(directory: out).warnings == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/models") == ["new"])
    }

    @Test(arguments: ["untied", "headonly", "retied"]) func floatsStayAsTheyAre(_ name: String) throws {
        let (before, after) = (try Fixture.directory(name).weights(), try convert(name, .f32))
        for name in before.names where name != "lm_head.weight" || after.contains(name) {
            #expect(before[name].map { [UInt8]($0.bytes) } == after[name].map { [UInt8]($0.bytes) }, "\(name)")
        }
        #expect(name == "headonly" ? after.contains("wte.weight") : after.contains("lm_head.weight"))
    }

    @Test func theModelsOtherFilesGoWithIt() throws {
        _ = try convert("plain", .f16)
        let generation = try Data(contentsOf: Fixture.url("plain/generation_config.json"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(out)/generation_config.json")) == generation)
    }

    /// Panels in a file are the ones that loading the floats makes.
    @Test(arguments: ["plain", "untied", "headonly"], [WeightFormat.q8, .q4])
    func panelsAreUsedWhereTheyLie(_ name: String, _ format: WeightFormat) throws {
        let weights = try convert(name, format)
        #expect(weights.contains("wte.weight.\(format.rawValue)") && !weights.contains("wte.weight"))
        let floats = try Fixture.url(name).path
        let made = try GPT2Model(directory: floats, weights: format)
        for chosen in [nil, format] {
            let model = try GPT2Model(directory: out, weights: chosen)
            #expect(model.warnings.isEmpty && model.source.storedTypes[format.rawValue] == (name == "untied" ? 10 : 9))
            #expect(try logits(model) == logits(made))
        }
        #expect(try logits(made) != logits(GPT2Model(directory: floats)))

        let other = caughtError { () throws(InputError) in try GPT2Model(directory: out, weights: .f32) }
        #expect(other?.kind == .usage && other?.problem.contains("stored as \(format.rawValue)") == true)
        let again = caughtError { () throws(InputError) in try ModelConversion(directory: out) }
        #expect(again?.kind == .usage && again?.problem.contains("already") == true)
        let trained = caughtError { () throws(InputError) in try GPT2(trainable: out) }
        #expect(trained?.kind == .usage && trained?.problem.contains("cannot be trained") == true)
    }

    /// So that a block of a mapped panel lies in as few lines of the cache as it can.
    @Test(arguments: [WeightFormat.q8, .q4]) func panelsBeginAtCacheLines(_ format: WeightFormat) throws {
        let weights = try convert("plain", format)
        let entries = weights.names.compactMap { weights[$0]?.entry }
        let whole = entries.filter { $0.range.count.isMultiple(of: 64) }
        #expect(whole.filter { $0.dtype == .u8 }.count == 5)  // the table, and of each block the maps of two panels
        for entry in whole { #expect(entry.range.lowerBound.isMultiple(of: 64), "\(entry)") }
        #expect(entries.map(\.range.lowerBound).min()?.isMultiple(of: 64) == true)
        #expect(entries.allSatisfy { $0.range.lowerBound.isMultiple(of: 4) })
    }

    private func logits(_ model: GPT2Model) throws -> [Float] {
        var batch = ForwardBatch()
        try batch.append(whole: [1, 2, 3, 23, 0])
        return model.network.logits(batch, rows: .all, ForwardContext()).values
    }

    @Test func panelsOfAnotherSizeAreMisshapen() throws {
        _ = try convert("plain", .q4)
        let config = "\(out)/config.json"
        let text = try String(contentsOfFile: config, encoding: .utf8)
        try text.replacingOccurrences(of: "\"vocab_size\": 24", with: "\"vocab_size\": 40")
            .write(toFile: config, atomically: true, encoding: .utf8)
        let error = caughtError { () throws(InputError) in try GPT2Model(directory: out) }
        #expect(
            error?.kind == .data && error?.problem.contains("wte.weight.q4 is [2, 288] and should be [3, 288]") == true)
    }

    @Test func nothingIsOverwritten() throws {
        try folder.write("note.txt", "mine".utf8)
        let conversion = try ModelConversion(directory: Fixture.url("plain").path)
        let error = caughtError { () throws(InputError) in try conversion.write(.f16, to: folder.path) }
        #expect(error?.kind == .usage && error?.place == folder.path)
        #expect(error?.problem == "the folder is not empty: it holds note.txt")
    }

    /// Folders of the user's own may have any name.
    @Test func nothingBesideIsTouched() throws {
        for path in [out, "\(out).old", "\(out).partial"] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        for name in ["new.old", "new.partial"] { try folder.write("models/\(name)/note.txt", "mine".utf8) }
        try ModelConversion(directory: Fixture.url("plain").path).write(.f16, to: out + "/")
        #expect(try GPT2Model(directory: out).warnings == [])
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/models")
        #expect(names.sorted() == ["new", "new.old", "new.partial"])
        for name in ["new.old", "new.partial"] {
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/models/\(name)")
            #expect(names == ["note.txt"])
        }
    }

    /// A model in the folder whose last weight, one of the token embedding, is that number.
    private func makeModel(lastWeight: Float) throws {
        try folder.copyFiles(of: Fixture.url("plain"))
        var file = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/model.safetensors"))
        file.replaceSubrange(file.count - 4..<file.count, with: withUnsafeBytes(of: lastWeight) { Data($0) })
        try folder.write("model.safetensors", file)
    }

    /// What is no number, and numbers whose scales would be beyond half precision.
    @Test(arguments: [WeightFormat.q8, .q4], ["nan", "inf", "1e7"])
    func panelsThatAreNoNumbersAreNotWritten(_ format: WeightFormat, _ weight: String) throws {
        try makeModel(lastWeight: #require(Float(weight)))
        let error = caughtError { () throws(InputError) in
            try ModelConversion(directory: folder.path).write(format, to: out)
        }
        #expect(error?.kind == .data && error?.place == "\(folder.path)/model.safetensors")
        #expect(error?.problem.hasPrefix("tensor \"transformer.wte.weight\" holds weights that are infinite") == true)
        #expect(!FileManager.default.fileExists(atPath: out))
        let warnings = try GPT2Model(directory: folder.path, weights: format).warnings
        #expect(warnings.count == 1 && warnings.first?.hasSuffix(": wte.weight") == true, "\(warnings)")
    }

    /// A format that cannot hold a weight is no reason to refuse the model, but one to warn.
    @Test func weightsThatOverflowInMemoryGiveAWarning() throws {
        try makeModel(lastWeight: -65_520)
        #expect(try GPT2Model(directory: folder.path).warnings == [])
        let warnings = try GPT2Model(directory: folder.path, weights: .f16).warnings
        #expect(warnings.count == 1 && warnings.first?.hasSuffix(": wte.weight") == true, "\(warnings)")
    }

    @Test func aWeightThatAHalfCannotHoldIsNamed() throws {
        try makeModel(lastWeight: -65_520)
        let error = caughtError { () throws(InputError) in
            try ModelConversion(directory: folder.path).write(.f16, to: out)
        }
        #expect(error?.kind == .data && error?.problem.contains("holds 65520.0, and f16 ends at 65504") == true)
        #expect(!FileManager.default.fileExists(atPath: out))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/models") == [])
    }
}
