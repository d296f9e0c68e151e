import Foundation
import TestSupport
import Testing

/// tokenizer train.
@Suite struct TrainTokenizerTests {
    private struct TokenizerFile: Decodable {
        struct Model: Decodable {
            let vocab: [String: Int]
            let merges: [[String]]
        }
        struct AddedToken: Decodable {
            let id: Int
            let content: String
        }

        let model: Model
        let addedTokens: [AddedToken]

        init(folder: String) throws {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/tokenizer.json"))
            self = try decoder.decode(TokenizerFile.self, from: data)
        }
    }

    private struct Result: Decodable {
        let tokenizer: String
        let vocabularySize: Int
        let merges: Int
        let documents: Int
        let bytes: Int
        let seconds: Double
    }

    private let folder: TemporaryFolder
    private let out: String

    init() throws {
        folder = try TemporaryFolder()
        out = "\(folder.path)/new/tokenizer"
    }

    private func train(_ texts: [String], vocabularySize: Int, _ options: String...) async throws -> Command {
        let paths = try texts.enumerated().map { try folder.write("\($0).txt", Array($1.utf8)) }
        let arguments = ["--text"] + paths + ["--vocab-size", "\(vocabularySize)", "--out", out]
        return try await Command.run(["tokenizer", "train"] + arguments + options)
    }

    private func result(_ run: Command) throws -> Result {
        try #require(run.status == 0, "\(run.messages)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Result.self, from: Data(run.output))
    }

    /// The merges are those that Hugging Face tokenizers 0.23.3 learns from this text.
    @Test func tokenizerIsThatOfHuggingFace() async throws {
        let run = try await train(["aaaa aaa abab"], vocabularySize: 263, "--format", "json", "--threads", "2")
        let result = try result(run)
        #expect(run.messages.isEmpty)
        #expect(result.tokenizer == "\(out)/tokenizer.json")
        #expect(result.vocabularySize == 263)
        #expect(result.merges == 6)
        #expect(result.documents == 1)
        #expect(result.bytes == 13)
        #expect(result.seconds > 0)
        let file = try TokenizerFile(folder: out)
        #expect(
            file.model.merges == [["a", "a"], ["a", "b"], ["Ġ", "aa"], ["Ġ", "ab"], ["aa", "aa"], ["Ġaa", "a"]])
        #expect(file.model.vocab.count == 262)
        #expect(file.addedTokens.map(\.id) == [262])
        #expect(file.addedTokens.map(\.content) == ["<|endoftext|>"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: out) == ["tokenizer.json"])

        let tokens = try await Command.run(["tokenize", "aaaa aaa", "--model", out])
        #expect(tokens.text == "260,261\n")
    }

    @Test func everyFileAndDocumentIsRead() async throws {
        let texts = ["the cat\n<|endoftext|>\nthe hat\n", "the cat and the hat"]
        let result = try result(try await train(texts, vocabularySize: 259, "--format", "json"))
        #expect(result.documents == 3)
        #expect(result.bytes == texts.reduce(0) { $0 + $1.utf8.count })
        #expect(try TokenizerFile(folder: out).model.merges == [["a", "t"], ["h", "e"]])
    }

    @Test func shortTextsGiveFewerTokensAndANote() async throws {
        let run = try await train(["aaaa aaa abab"], vocabularySize: 5000)
        #expect(run.status == 0)
        #expect(
            run.text
                == "\(out)/tokenizer.json: 264 tokens, 7 of them by merges, from 1 document in 13 B\n")
        #expect(run.messages == "note: the text has no more to merge: the vocabulary has 264 tokens, not 5000\n")
    }

    @Test func tokenizersAreNotReplaced() async throws {
        #expect(try await train(["the cat"], vocabularySize: 260).status == 0)
        let before = try Data(contentsOf: URL(fileURLWithPath: "\(out)/tokenizer.json"))
        let again = try await train(["another text"], vocabularySize: 260)
        #expect(again.status == 64)
        #expect(again.output.isEmpty)
        #expect(again.messages.hasPrefix("Error: \(out): there is a tokenizer here already"))
        #expect(again.messages.contains("--out"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(out)/tokenizer.json")) == before)
    }

    @Test func badTextsMakeNoTokenizer() async throws {
        let empty = try await train(["", "<|endoftext|>\n"], vocabularySize: 260)
        #expect(empty.status == 65)
        #expect(empty.messages.contains("0.txt") && empty.messages.contains("there is no text"))

        let path = try folder.write("latin1.txt", Array("na".utf8) + [0xEF] + Array("ve".utf8))
        let broken = try await Command.run(["tokenizer", "train", "--text", path, "--vocab-size", "260", "--out", out])
        #expect(broken.status == 65)
        #expect(broken.messages.hasPrefix("Error: \(path): the text is not UTF-8: byte 2, counted from 0, is EF."))
        #expect(try FileManager.default.contentsOfDirectory(atPath: out).isEmpty)
    }
}
