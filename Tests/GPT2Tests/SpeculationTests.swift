import Files
import Foundation
import GPT2
import Runtime
import Tensors
import TestSupport
import Testing
import Tokenizers

/// Guessing ahead changes nothing but the time: every token, text, probability and ending is compared with ==.
@Suite(.serialized) struct SpeculationTests {
    /// All that a generation gives, but for the time it took.
    private struct Run: Equatable {
        struct Piece: Equatable {
            let text: String
            let token: Int
            let probability: Float
        }

        var pieces: [Piece] = []
        var tokens: [Int] = []
        var text: String?
        var reason: Completion.FinishReason?
        var note: String?
        var seed: UInt64 = 0
    }

    private func run(
        _ model: GPT2Model, _ prompt: [Int], _ options: GenerationOptions, _ speculation: Speculation
    ) throws -> (run: Run, counts: Speculation.Counts?) {
        var options = options
        options.seed = options.seed ?? 1  // else each run draws its own
        options.speculation = speculation
        let generation = try Generation(model, prompt: prompt, options: options)
        var run = Run()
        while let piece = try generation.next() {
            run.pieces.append(.init(text: piece.text, token: piece.token, probability: piece.probability))
            guard let completion = piece.completion else { continue }
            run.tokens = completion.tokens
            #expect(generation.tokens == run.tokens)
            #expect(run.pieces.map(\.token) == run.tokens)
            run.text = completion.text
            run.reason = completion.finishReason
            run.note = completion.note
            run.seed = completion.seed
            #expect(completion.promptTokens == prompt)
            #expect(completion.timings.prefillTokens == prompt.count)
            #expect(completion.timings.decodeTokens == completion.tokens.count - 1)
        }
        return (run, generation.timings.speculation)
    }

    /// Runs with and without guesses, which must give the same.
    ///
    /// - Returns: what the guesses came to.
    @discardableResult
    private func compare(
        _ model: GPT2Model, _ prompt: [Int], _ options: GenerationOptions, _ speculation: Speculation,
        _ comment: Comment? = nil
    ) throws -> Speculation.Counts {
        let plain = try run(model, prompt, options, .none)
        let guessed = try run(model, prompt, options, speculation)
        #expect(guessed.run == plain.run, comment)
        #expect(plain.counts == nil)
        let counts = try #require(guessed.counts)
        #expect(counts.acceptedTokens <= counts.proposedTokens)
        // Each pass gives a token of its own, besides those that came true.
        let decoded = guessed.run.tokens.count - 1
        #expect(counts.forwardPasses + counts.acceptedTokens - decoded <= 1 && counts.forwardPasses <= decoded)
        #expect(counts.forwardPasses + counts.acceptedTokens >= decoded)
        return counts
    }

    private static let options = [
        GenerationOptions(greedy: true),
        GenerationOptions(seed: 3),
        GenerationOptions(temperature: 1.3, topK: nil, seed: 4),
        GenerationOptions(temperature: 1, topK: 100, topP: 0.9, seed: 5),
        GenerationOptions(temperature: 0.7, topK: nil, topP: 0.6, seed: 6),
        GenerationOptions(temperature: 0.3, topK: 3, seed: 7),
        GenerationOptions(temperature: 0, seed: 8),
    ]

    /// One that repeats, one that does not, one of a single token.
    private static let prompts = [
        (0..<60).map { [17, 5, 99, 42, 8, 120, 3][$0 % 7] }, (0..<50).map { $0 * 37 % 211 }, [9],
    ]

    private func model(_ name: String, _ format: WeightFormat? = nil, _ team: Team = .shared) throws -> GPT2Model {
        try CounterCheckpoint.with(Fixtures.reference("small/\(name)")) { path in
            try GPT2Model(directory: path, weights: format, team: team)
        }
    }

    @Test(arguments: options) func everySamplerGivesThePlainText(options: GenerationOptions) throws {
        let model = try model("base")
        // Itself, a twin, one that differs in its activation's last digits, and another.
        let drafts = try [model] + ["base", "gelu", "together"].map { try self.model($0) }
        var options = options
        options.maxTokens = 50
        for prompt in Self.prompts {
            for size in [1, 8, 64] {
                try compare(model, prompt, options, .promptLookup(upTo: size))
            }
            for (i, draft) in drafts.enumerated() {
                for size in [1, 6] {
                    let counts = try compare(model, prompt, options, .draft(draft, upTo: size), "draft \(i)")
                    guard i < 2 else { continue }
                    #expect(counts.acceptedTokens == counts.proposedTokens && counts.acceptedTokens > 20)
                }
            }
        }
    }

    @Test(arguments: WeightFormat.allCases) func everyFormatAndTeamGivesThePlainText(format: WeightFormat) throws {
        for threads in [1, 2, 3] {
            let team = Team(threads: threads)
            let model = try model("base", format, team)
            let near = try self.model("base", .q8, team)
            for options in [
                GenerationOptions(maxTokens: 50, greedy: true),
                GenerationOptions(maxTokens: 50, temperature: 1, seed: 1),
            ] {
                try compare(model, Self.prompts[0], options, .promptLookup(upTo: 9), "\(threads) threads")
                let counts = try compare(model, Self.prompts[1], options, .draft(near, upTo: 6), "\(threads) threads")
                #expect(counts.acceptedTokens > 0)
            }
        }
    }

    /// Prompts and texts across the borders of chunks and of cache pages, and of a whole context.
    @Test(arguments: [60, 250, 256, 257, 600, 1000]) func longPromptsGiveThePlainText(length: Int) throws {
        let reference = try Fixtures.reference("small/long")
        let prompt = try Array(#require(reference.tokens).prefix(length))
        let model = try model("long")
        let options = GenerationOptions(maxTokens: 80, seed: 2)
        let counts = try compare(model, prompt, options, .draft(model, upTo: 7))
        if length < 1000 { #expect(counts.acceptedTokens > 40) }
        try compare(model, (prompt + prompt).suffix(900), options, .promptLookup(upTo: 7))
    }

    @Test func aTextThatRepeatsNeedsFewerForwardPasses() throws {
        let text = String(repeating: "round and ", count: 20)
        let model = try GenerationModels.scripted([0] + text.byteTokens)
        let options = GenerationOptions(maxTokens: text.utf8.count, greedy: true)
        let counts = try compare(model, [1, 2], options, .promptLookup(upTo: 16))
        #expect(counts.forwardPasses < 60)
        #expect(counts.acceptedTokens > 140)
        let drafted = try compare(model, [1, 2], options, .draft(model, upTo: 9))
        #expect(drafted.forwardPasses == 21, "4 guesses, 8, 9 and so on, each with one more token")
        #expect(drafted.acceptedTokens == drafted.proposedTokens)
    }

    /// What is never right is soon hardly ever asked.
    @Test func guessesThatFailAreGivenUp() throws {
        let model = try GenerationModels.reference("long")
        let options = GenerationOptions(maxTokens: 300, temperature: 1.2, topK: nil, seed: 1)
        let other = try GPT2Model(
            network: CounterCheckpoint.with(Fixtures.reference("small/long")) { path in
                var network = try GPT2Model(directory: path).network
                network.blocks.reverse()
                return network
            }, tokenizer: nil)
        let counts = try compare(model, [1, 2, 3], options, .draft(other, upTo: 8))
        #expect(counts.proposedTokens < 60)
        #expect(counts.forwardPasses > 280)
    }

    @Test func theEndMayComeInsideAProposal() throws {
        // Twice the same words, so that the second time they are proposed as a whole.
        let text = "abcdefghij-abcdefghij-abcdefghij"
        let model = try GenerationModels.scripted([0] + text.byteTokens)
        let twin = try GenerationModels.scripted([0] + text.byteTokens)
        for count in 1...text.utf8.count {
            let options = GenerationOptions(maxTokens: count)
            try compare(model, [1, 2], options, .promptLookup(upTo: 6), "\(count) tokens")
            try compare(model, [1, 2], options, .draft(twin, upTo: 6), "\(count) tokens")
        }
        // The context ends it.
        for speculation in [Speculation.promptLookup(upTo: 20), .draft(twin, upTo: 20)] {
            let found = try run(model, [1, 2], GenerationOptions(), speculation).run
            #expect(found.text == text && found.reason == .length && found.note != nil)
            try compare(model, [1, 2], GenerationOptions(), speculation)
        }
        for stop in ["a", "d", "cdefg", "j-", "-abc", "hij-abcdefghij-a"] {
            for speculation in [Speculation.promptLookup(upTo: 9), .draft(twin, upTo: 9)] {
                let counts = try compare(model, [1, 2], GenerationOptions(stop: [stop]), speculation)
                #expect(stop.utf8.count < 10 || counts.acceptedTokens > 0)
            }
        }
    }

    @Test func theModelMayEndTheTextInsideAProposal() throws {
        let end = GenerationModels.endOfText
        let script = "abcdefgh".byteTokens + [end] + "wxyz".byteTokens
        // The scripted model does not read the prompt, but the lookup does.
        let prompt = "abcdefgh".byteTokens + [end] + "xyz".byteTokens
        let model = try GenerationModels.scripted(Array(repeating: 0, count: prompt.count - 1) + script)
        for speculation in [Speculation.promptLookup(upTo: 8), .draft(model, upTo: 8)] {
            let counts = try compare(model, prompt, GenerationOptions(), speculation)
            #expect(counts.acceptedTokens >= 6)
            #expect(counts.forwardPasses <= 3)
            let found = try run(model, prompt, GenerationOptions(), speculation).run
            #expect(found.tokens == "abcdefgh".byteTokens + [end])
            #expect(found.reason == .endOfText)
            try compare(model, prompt, GenerationOptions(ignoreEndOfText: true), speculation)
        }
    }

    @Test func aDraftWithAShorterContextHelpsAsFarAsItCan() throws {
        let text = "The quick brown fox jumps over the lazy dog."
        let model = try GenerationModels.scripted([0] + text.byteTokens)
        let draft = try GenerationModels.scripted([0] + text.byteTokens.prefix(20))
        let counts = try compare(model, [1, 2], GenerationOptions(), .draft(draft, upTo: 4))
        #expect(counts.acceptedTokens == counts.proposedTokens && counts.acceptedTokens > 10)
        let beyond = try compare(model, Array(repeating: 1, count: 30), GenerationOptions(), .draft(draft))
        #expect(beyond.proposedTokens == 0)
    }

    @Test func whatMakesNoSenseIsRefused() throws {
        let model = try GenerationModels.scripted([0] + "abcdef".byteTokens)
        func error(_ speculation: Speculation) -> InputError? {
            caughtError { () throws(InputError) in
                try Generation(model, prompt: [1, 2], options: GenerationOptions(speculation: speculation))
            }
        }
        let sizes: [(Speculation, String)] = [
            (.promptLookup(upTo: 0), "prompt-lookup"), (.promptLookup(upTo: 65), "prompt-lookup"),
            (.draft(model, upTo: 0), "draft-tokens"), (.draft(model, upTo: -1), "draft-tokens"),
        ]
        for (speculation, option) in sizes {
            #expect(error(speculation)?.kind == .usage)
            #expect(error(speculation)?.place == option)
        }
        let smaller = try #require(error(.draft(GenerationModels.reference("base"))))
        #expect(smaller.kind == .usage)
        #expect(smaller.problem.contains("211") && smaller.problem.contains("259"))
    }

    @Test func aDraftNeedsTheSameTokenizer() throws {
        let model = try GenerationModels.scripted([0] + "abcdef".byteTokens)
        let folder = try TemporaryFolder()
        try GenerationModels.writeTokenizer(to: folder.path, hasEndOfText: true)
        let vocabulary = URL(fileURLWithPath: "\(folder.path)/vocab.json")
        var object = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: vocabulary)) as? [String: Int])
        (object["th"], object["the"]) = (GenerationModels.the, GenerationModels.th)
        try JSONSerialization.data(withJSONObject: object).write(to: vocabulary)
        let other = GPT2Model(network: model.network, tokenizer: try Tokenizer(directory: folder.path))
        let options = GenerationOptions(maxTokens: 3, speculation: .draft(other))
        let error = try #require(
            caughtError { () throws(InputError) in try Generation(model, prompt: [1, 2], options: options) })
        #expect(error.kind == .usage)
        #expect(error.problem.contains("256") && error.problem.contains("\"the\"") && error.problem.contains("\"th\""))
        // Where one has no tokenizer, the ids are all there is.
        let bare = GPT2Model(network: model.network, tokenizer: nil)
        try compare(model, [1, 2], options, .draft(bare))
        try compare(bare, [1, 2], options, .draft(model))
    }

    @Test func aDamagedDraftIsNamed() throws {
        let model = try GenerationModels.scripted([0] + "abcdef".byteTokens)
        let draft = try GenerationModels.scripted([0] + "abcdef".byteTokens, damage: .nan)
        let generation = try Generation(model, prompt: [1, 2], options: GenerationOptions(speculation: .draft(draft)))
        #expect(try generation.next()?.token == Int(UInt8(ascii: "a")))
        let error = caughtError { () throws(InputError) in try generation.next() }
        #expect(error?.kind == .data)
        #expect(error?.place == draft.source.place)
    }

    /// One piece a call, and the one after the cancellation never comes.
    @Test func cancellationEndsTheLoopInsideAProposal() async throws {
        let model = try GenerationModels.reference("long")
        let options = GenerationOptions(maxTokens: 500, ignoreEndOfText: true, speculation: .draft(model, upTo: 16))
        let task = Task {
            var pieces = 0
            for try await _ in model.generate([1], options: options) {
                pieces += 1
                if pieces == 4 { withUnsafeCurrentTask { $0?.cancel() } }
            }
            return pieces
        }
        #expect(try await task.value == 4)
    }

    @Test func optionsCompareByTheDraftItself() throws {
        let (one, other) = (try model("base"), try model("base"))
        #expect(Speculation.draft(one) == .draft(one, upTo: 4))
        #expect(Speculation.draft(one) != .draft(other))
        #expect(Speculation.draft(one) != .draft(one, upTo: 5))
        #expect(Speculation.promptLookup() == .promptLookup(upTo: 8))
        #expect(Speculation.promptLookup() != .promptLookup(upTo: 7))
        #expect(Speculation.promptLookup() != .none)
    }
}
