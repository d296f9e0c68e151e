import Files
import Foundation
import TestSupport
import Testing
import Tokenizers
import Training

@Suite struct PreparedTokensTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func bytes(_ ids: Range<Int>) -> [UInt8] { ids.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] } }

    private static func llmC(_ ids: Range<Int>) -> [UInt8] {
        let header = [20_240_520, 1, Int32(ids.count)].flatMap { word in
            withUnsafeBytes(of: word.littleEndian) { [UInt8]($0) }
        }
        return header + [UInt8](repeating: 0, count: 1012) + bytes(ids)
    }

    private func load() throws(InputError) -> TrainingData { try TrainingData(directory: folder.path) }

    private func ids(_ tokens: TokenSequence) -> [Int] { tokens.ids(0..<tokens.count) }

    // MARK: Other programs' folders

    @Test func readsNanoGPTsFolder() throws {
        try folder.write("train.bin", Self.bytes(0..<50))
        try folder.write("val.bin", Self.bytes(50..<60))
        try folder.write("meta.pkl", [0x80, 0x04])
        try folder.write("prepare.py", "import numpy".utf8)
        let data = try load()
        #expect(ids(data.training) == Array(0..<50) && ids(data.validation) == Array(50..<60))
        #expect(data.tokenizer == nil && data.vocabularySize == nil)
        let summary = try data.check(vocabularySize: 60, contextLength: 49)
        #expect((summary.training.largest, summary.validation.count) == (49, 10))
    }

    @Test func readsLLMCsShardsInOrder() throws {
        try folder.write("fineweb_train_000002.bin", Self.llmC(20..<30))
        try folder.write("fineweb_train_000001.bin", Self.llmC(0..<20))
        try folder.write("fineweb_val_000000.bin", Self.llmC(30..<33))
        try folder.write("gpt2_tokenizer.bin", [1, 2, 3])
        let data = try load()
        #expect(ids(data.training) == Array(0..<30) && ids(data.validation) == [30, 31, 32])
    }

    @Test func holdsOutTheLastTenthOfASingleFile() throws {
        let path = try folder.write("tokens.bin", Self.bytes(0..<25))
        let data = try TrainingData(directory: path)
        // ⌊0.9 · 25⌋ = 22
        #expect(ids(data.training) == Array(0..<22) && ids(data.validation) == [22, 23, 24])
        try folder.write("train.bin", Self.bytes(0..<10))
        #expect(try ids(load().validation) == [9])
    }

    // MARK: Our own

    private func prepare() throws -> TrainingData {
        let text = try folder.write("text", "to be or not to be, that is the question".utf8)
        let data = try TrainingData.prepare(texts: [text], tokenizer: .characters, folder: "\(folder.path)/unused")
        try FileManager.default.removeItem(atPath: text)
        try data.write(toDirectory: folder.path)
        return data
    }

    @Test func writesWhatItReads() throws {
        let data = try prepare()
        let again = try load()
        #expect(ids(again.training) == ids(data.training) && ids(again.validation) == ids(data.validation))
        #expect(again.vocabularySize == data.vocabularySize)
        #expect(again.tokenizer?.encode("to be") == data.tokenizer?.encode("to be"))
    }

    static let faults: [(old: String, new: String, problem: String)] = [
        ("swift-gpt2 tokens", "something", #""kind" must be "swift-gpt2 tokens""#),
        (#""version": 1"#, #""version": 2"#, #""version" must be 1"#),
        (#""token_bits": 16"#, #""token_bits": 8"#, #""token_bits" must be 16 or 32"#),
        (#""token_bits": 16"#, #""token_bits": 32"#, "the header has 1024 bytes, but the file ends after 72"),
        (#""training_tokens": 36"#, #""training_tokens": 37"#, "the file has 36 tokens, but meta.json says 37"),
        (#""validation_tokens": 4"#, #""validation_tokens": -4"#, #""validation_tokens" is -4"#),
        (#""vocabulary_size": 14"#, #""vocabulary_size": 15"#, "the tokenizer has 14 tokens, but meta.json says 15"),
    ]

    @Test(arguments: faults) func saysWhatIsWrong(_ fault: (old: String, new: String, problem: String)) throws {
        _ = try prepare()
        let path = "\(folder.path)/meta.json"
        let text = try String(decoding: Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        #expect(text.contains(fault.old), "\(text)")
        try folder.write("meta.json", text.replacing(fault.old, with: fault.new).utf8)
        let error = caughtError { () throws(InputError) in try load() }
        #expect(error?.kind == .data)
        #expect(error?.problem.contains(fault.problem) == true, "\(error?.description ?? "no error")")
    }

    @Test func noticesAFileThatIsCutShort() throws {
        _ = try prepare()
        let path = "\(folder.path)/train.bin"
        try folder.write("train.bin", Data(contentsOf: URL(fileURLWithPath: path)).dropLast(2))
        let error = caughtError { () throws(InputError) in try load() }
        #expect(error?.place == path && error?.problem == "the file has 35 tokens, but meta.json says 36")
    }

    @Test func saysWhatAFolderLacks() throws {
        try folder.write("notes.bin", [1, 0])
        let error = caughtError { () throws(InputError) in try load() }
        #expect(error?.kind == .missing && error?.problem == "there is no token file to train with")
        let absent = caughtError { () throws(InputError) in try TrainingData(directory: "\(folder.path)/none") }
        #expect(absent?.kind == .missing && absent?.problem == "there is no such folder")
    }

    @Test func tokensWithoutATokenizerAreNotWritten() throws {
        let path = try folder.write("tokens.bin", Self.bytes(0..<25))
        let data = try TrainingData(directory: path)
        let error = caughtError { () throws(InputError) in try data.write(toDirectory: "\(folder.path)/new") }
        #expect(error?.kind == .usage)
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/new") == false)
    }
}
