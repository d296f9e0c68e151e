import Foundation
import TestSupport
import Testing

/// `generate` with guesses ahead writes what it writes without them.
@Suite struct SpeculationTests {
    private struct Document: Decodable {
        let text: String?
        let tokens: [Int]
        let timings: [String: Double]
    }

    private func generate(_ arguments: [String]) async throws -> Document {
        let run = try await Command.run(["generate", "--format", "json"] + arguments)
        try #require(run.status == 0, "\(run.messages)")
        return try JSONDecoder().decode(Document.self, from: Data(run.output))
    }

    @Test(arguments: [["--greedy"], ["--seed", "4"], ["--seed", "5", "--top-k", "0", "--top-p", "0.9"]])
    func theTextIsTheSame(sampling: [String]) async throws {
        let arguments = ["--model", Fixture.tiny, "--token-ids", "65,66,67,65,66", "--ignore-eos"] + sampling
        let plain = try await generate(arguments)
        #expect(plain.timings["proposed_tokens"] == nil)
        for guesses in [["--prompt-lookup", "3"], ["--draft-model", Fixture.tiny, "--draft-tokens", "5"]] {
            let found = try await generate(arguments + guesses)
            #expect(found.tokens == plain.tokens)
            #expect(found.text == plain.text)
            let proposed = try #require(found.timings["proposed_tokens"])
            let accepted = try #require(found.timings["accepted_tokens"])
            let passes = try #require(found.timings["decode_forward_passes"])
            if guesses[0] == "--draft-model" { #expect(accepted == proposed && accepted > 10) }
            #expect(passes <= Double(found.tokens.count - 1))
        }
    }

    @Test func statisticsCountTheGuesses() async throws {
        let run = try await Command.run([
            "generate", "--model", Fixture.tiny, "a", "--max-tokens", "7", "--greedy", "--ignore-eos", "--stats",
            "--draft-model", Fixture.tiny,
        ])
        // 4 guesses and one more token, then the last one.
        let line = "guesses: 4 of 4 proposed tokens accepted, 2 forward passes\n"
        #expect(run.messages.hasSuffix(line), "\(run.messages)")
    }

    @Test(arguments: [
        (["--prompt-lookup", "0"], "--prompt-lookup"), (["--prompt-lookup", "65"], "--prompt-lookup"),
        (["--prompt-lookup", "x"], "--prompt-lookup"), (["--draft-tokens", "3"], "--draft-model"),
        (["--draft-model", Fixture.tiny, "--draft-tokens", "0"], "--draft-tokens"),
        (["--draft-model", Fixture.tiny, "--prompt-lookup", "3"], "exclude each other"),
    ])
    func whatMakesNoSenseIsRefused(arguments: [String], reason: String) async throws {
        let run = try await Command.run(["generate", "--model", Fixture.tiny, "a"] + arguments)
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(run.messages.contains(reason), "\(run.messages)")
    }

    @Test func aDraftThatDoesNotFitIsRefused() async throws {
        // The story model has another vocabulary.
        let other = try await Command.run(["generate", "a", "--draft-model", Fixture.tiny])
        #expect(other.status == 64)
        #expect(other.messages.contains("300") && other.messages.contains("4096"), "\(other.messages)")
        let missing = try await Command.run(["generate", "a", "--draft-model", "/no/such/folder"])
        #expect(missing.status == 66)
        #expect(missing.messages.contains("/no/such/folder"))
    }
}
