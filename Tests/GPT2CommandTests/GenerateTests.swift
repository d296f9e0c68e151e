import Foundation
import TestSupport
import Testing

@Suite struct GenerateTests {
    struct Document: Decodable {
        let text: String?
        let promptTokens: [Int]
        let tokens: [Int]
        let finishReason: String
        let seed: UInt64
        let timings: [String: Double]
        let promptTokensCached: Int?
    }

    private func generate(_ arguments: String..., input: [UInt8] = []) async throws -> Document {
        try await generate(arguments, input: input)
    }

    private func generate(_ arguments: [String], input: [UInt8] = []) async throws -> Document {
        let run = try await Command.run(["generate", "--format", "json"] + arguments, input: input)
        try #require(run.status == 0, "\(run.messages)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Document.self, from: Data(run.output))
    }

    @Test func tokensAreThoseOfTransformers() async throws {
        let expected = try Fixture.expected()
        let document = try await generate(
            "--model", Fixture.tiny, Fixture.prompt, "--greedy", "--max-tokens", "\(expected.greedy.count)")
        #expect(document.promptTokens == expected.tokens[Fixture.prompt])
        #expect(document.tokens == expected.greedy)
        #expect(document.finishReason == "length")
    }

    @Test func jsonHasTheContractsKeys() async throws {
        let run = try await Command.run([
            "generate", "--model", Fixture.tiny, "a", "--max-tokens", "3", "--format", "json",
        ])
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output)) as? [String: Any])
        #expect(Set(object.keys) == ["text", "prompt_tokens", "tokens", "finish_reason", "seed", "timings"])
        let timings = try #require(object["timings"] as? [String: Double])
        #expect(
            Set(timings.keys)
                == ["load_s", "prefill_s", "prefill_tokens_per_s", "decode_s", "decode_tokens_per_s"])
        #expect(run.output.last == UInt8(ascii: "\n"))
        #expect(run.messages.isEmpty)
    }

    @Test func textIsPromptAndContinuation() async throws {
        let arguments = ["generate", "--model", Fixture.tiny, Fixture.prompt, "--seed", "5", "--max-tokens", "9"]
        let document = try await generate(
            "--model", Fixture.tiny, Fixture.prompt, "--seed", "5", "--max-tokens", "9")
        let run = try await Command.run(arguments)
        #expect(run.text == Fixture.prompt + (document.text ?? "") + "\n")
        #expect(run.messages.isEmpty)
        #expect(document.seed == 5)
        // Without a terminal there is nothing to colour.
        #expect(try await Command.run(arguments + ["--tint"]).output == run.output)
    }

    @Test func freshSeedIsReportedAndGivesTheTextAgain() async throws {
        let arguments = ["generate", "--model", Fixture.tiny, Fixture.prompt, "--max-tokens", "12"]
        let first = try await Command.run(arguments)
        let seed = try #require(first.messages.split(separator: " ").last.flatMap { UInt64($0.dropLast()) })
        #expect(first.messages == "seed: \(seed)\n")
        let second = try await Command.run(arguments + ["--seed", "\(seed)"])
        #expect(second.output == first.output)
    }

    @Test func standardInputIsTakenByteForByte() async throws {
        let bytes = Array("a\r\n".utf8) + [0xFF, 0xC3, 0x00, 0xE2, 0x82] + Array("\n".utf8)
        let run = try await Command.run(
            ["generate", "-", "--model", Fixture.tiny, "--max-tokens", "2", "--greedy"], input: bytes)
        #expect(run.status == 0)
        #expect(Array(run.output.prefix(bytes.count)) == bytes)
    }

    @Test func tokenIDsNeedNoTokenizer() async throws {
        let expected = try Fixture.expected()
        let folder = try Fixture.tiny(without: "tokenizer.json")
        let ids = (expected.tokens[Fixture.prompt] ?? []).map(String.init).joined(separator: ",")
        let document = try await generate(
            "--model", folder.path, "--token-ids", ids, "--greedy", "--max-tokens", "12")
        #expect(document.text == nil)
        #expect(document.tokens == expected.greedy)
        let run = try await Command.run([
            "generate", "--model", folder.path, "--token-ids", ids, "--greedy", "--max-tokens", "12",
        ])
        #expect(run.text == "\(ids),\(expected.greedy.map(String.init).joined(separator: ","))\n")
    }

    @Test func stopTextEndsTheText() async throws {
        let free = try await generate("--model", Fixture.tiny, Fixture.prompt, "--seed", "5", "--max-tokens", "20")
        let letters = try #require(free.text).filter { $0.isASCII && $0.isLetter }
        let stop = String(try #require(letters.last))
        let document = try await generate(
            "--model", Fixture.tiny, Fixture.prompt, "--seed", "5", "--max-tokens", "20", "--stop", stop)
        #expect(document.finishReason == "stop")
        #expect(document.text?.contains(stop) == false)
        #expect(free.text?.hasPrefix((document.text ?? "") + stop) == true)
    }

    @Test func fullContextEndsTheTextWithANote() async throws {
        let ids = Array(repeating: "65", count: 30).joined(separator: ",")
        let arguments = ["generate", "--model", Fixture.tiny, "--token-ids", ids, "--ignore-eos", "--format", "json"]
        let run = try await Command.run(arguments)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output)) as? [String: Any])
        // 32 positions, and the last token is not fed back.
        #expect((object["tokens"] as? [Int])?.count == 3)
        #expect(object["finish_reason"] as? String == "length")
        #expect(run.messages.hasPrefix("note: ") && run.messages.contains("32"))
    }

    @Test func emptyPromptStartsFromTheEndOfText() async throws {
        #expect(try await generate("--model", Fixture.tiny, "", "--max-tokens", "1").promptTokens == [299])
    }

    @Test func specialTokensAreTextUnlessAllowed() async throws {
        let expected = try Fixture.expected()
        let text = "a<|endoftext|>b"
        let plain = try await generate("--model", Fixture.tiny, text, "--max-tokens", "1")
        #expect(!plain.promptTokens.contains(299))
        let special = try await generate("--model", Fixture.tiny, text, "--max-tokens", "1", "--allow-special")
        #expect(special.promptTokens == expected.special)
    }

    @Test func statisticsGoToStandardError() async throws {
        let run = try await Command.run([
            "generate", "--model", Fixture.tiny, "a", "--max-tokens", "4", "--greedy", "--stats",
        ])
        let lines = run.messages.split(separator: "\n")
        #expect(lines.map { $0.prefix { $0 != ":" } } == ["load", "prefill", "decode"])
        #expect(lines.last?.contains("3 tokens in ") == true)
    }

    @Test func promptCacheSparesThePrompt() async throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/prompt.cache"
        let arguments = ["--model", Fixture.tiny, Fixture.prompt, "--seed", "5", "--max-tokens", "9"]
        let plain = try await generate(arguments)
        let first = try await generate(arguments + ["--prompt-cache", file])
        let second = try await generate(arguments + ["--prompt-cache", file])
        #expect(first.tokens == plain.tokens && second.tokens == plain.tokens)
        #expect(plain.promptTokensCached == nil && first.promptTokensCached == 0)
        #expect(second.promptTokensCached == plain.promptTokens.count - 1)
        let text = try await Command.run(["generate", "--stats", "--prompt-cache", file] + arguments)
        #expect(text.text == Fixture.prompt + (plain.text ?? "") + "\n")
        #expect(text.messages.contains("cached:  \(plain.promptTokens.count - 1) tokens\nprefill: 1 tokens in "))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["prompt.cache"])
    }

    @Test func threadsChangeNothing() async throws {
        let one = try await generate("--model", Fixture.tiny, "a", "--seed", "1", "--threads", "1")
        let three = try await generate("--model", Fixture.tiny, "a", "--seed", "1", "--threads", "3")
        #expect(one.tokens == three.tokens)
    }

    @Test func storyModelIsInside() async throws {
        let document = try await generate("Once upon a time", "--max-tokens", "5", "--seed", "1")
        #expect(document.tokens.count == 5 || document.finishReason == "eos")
        #expect(document.text?.isEmpty == false)
    }
}
