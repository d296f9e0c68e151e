import Files
import Foundation
import GPT2
import TestSupport
import Testing

/// Everything a generation gives.
private func run(
    _ model: GPT2Model, _ prompt: [Int], _ options: GenerationOptions
) throws -> (pieces: [GeneratedPiece], completion: Completion) {
    let generation = try Generation(model, prompt: prompt, options: options)
    var pieces: [GeneratedPiece] = []
    while let piece = try generation.next() { pieces.append(piece) }
    #expect(try generation.next() == nil)
    let completion = try #require(pieces.last?.completion)
    #expect(pieces.dropLast().allSatisfy { $0.completion == nil })
    #expect(pieces.map(\.token) == completion.tokens)
    if let text = completion.text { #expect(pieces.map(\.text).joined() == text) }
    return (pieces, completion)
}

@Suite struct GenerationTests {
    @Test(arguments: ["base", "together", "untied", "long"])
    func greedyContinuationsEqualTransformers(name: String) throws {
        let expected = try #require(Fixtures.reference("small/\(name)").greedy)
        let model = try GenerationModels.reference(name)
        let options = GenerationOptions(maxTokens: expected.tokens.count, greedy: true, ignoreEndOfText: true)
        let completion = try run(model, expected.prompt, options).completion
        #expect(completion.tokens == expected.tokens)
        #expect(completion.promptTokens == expected.prompt)
        #expect(completion.finishReason == .length)
        #expect(completion.note == nil)
        #expect(completion.text == nil)
        #expect(completion.timings.prefillTokens == expected.prompt.count)
        #expect(completion.timings.decodeTokens == expected.tokens.count - 1)
    }

    /// More than two chunks of prompt: the last row of transformers' logits says which token comes next.
    @Test func longPromptsAreReadInChunks() throws {
        let reference = try Fixtures.reference("small/long")
        let (tokens, rows) = (try #require(reference.tokens), try #require(reference.rows))
        let logits = try #require(reference.logits)
        let model = try GenerationModels.reference("long")
        for (row, values) in zip(rows, logits) {
            let options = GenerationOptions(maxTokens: 1, greedy: true)
            let piece = try #require(run(model, Array(tokens[...row]), options).pieces.first)
            let largest = try #require(values.max())
            #expect(piece.token == values.firstIndex(of: largest))
            let probability = 1 / values.reduce(0) { $0 + exp($1 - largest) }
            #expect(abs(Double(piece.probability) - probability) < 1e-3 * probability)
        }
    }

    @Test func charactersAreDeliveredWhole() throws {
        let text = "a é 😀👩‍🚀ß"
        let model = try GenerationModels.scripted([0] + text.byteTokens)
        let (pieces, completion) = try run(model, [1, 2], GenerationOptions(maxTokens: text.utf8.count))
        #expect(completion.text == text)
        #expect(pieces.filter { !$0.text.isEmpty }.map(\.text) == text.unicodeScalars.map(String.init))
        #expect(pieces.allSatisfy { $0.probability > 0.99 && $0.probability <= 1 })
    }

    @Test func aTextCutInsideACharacterEndsWithAReplacement() throws {
        let model = try GenerationModels.scripted([0] + "x😀".byteTokens)
        let completion = try run(model, [1, 2], GenerationOptions(maxTokens: 3)).completion
        #expect(completion.text == "x\u{FFFD}")
    }

    @Test(arguments: [
        (["stop"], "a st", nil), (["cde"], "ab", "cde"), (["c"], "ab", "c"), (["abcdef"], "", "abcdef"),
        (["x", "de", "cdef"], "abc", "de"), (["bcde", "de"], "a", "bcde"), (["f 😀!"], "abcde", "f 😀!"),
        (["😀"], "abcdef ", "😀"), (["fthe"], "abcdef 😀!", nil), (["!thet"], "abcdef 😀", "!thet"),
        (["heth"], "abcdef 😀!t", "heth"),
    ])
    func stopTextsEndTheTextAndAreNeverShown(stop: [String], before: String, found: String?) throws {
        // "the" and "th" are one token each.
        let script = "abcdef 😀!".byteTokens + [GenerationModels.the, GenerationModels.th] + "is a st".byteTokens
        let model = try GenerationModels.scripted([0] + script)
        let options = GenerationOptions(maxTokens: script.count, stop: stop)
        let (_, completion) = try run(model, [1, 2], options)
        if found != nil {
            #expect(completion.finishReason == .stop)
            #expect(completion.text == before)
        } else {
            #expect(completion.finishReason == .length)
            // What was held back is shown after all.
            #expect(completion.text == "abcdef 😀!thethis a st")
        }
    }

    @Test func theEndOfTextTokenEndsTheText() throws {
        let script = "Hi".byteTokens + [GenerationModels.endOfText] + "Ho".byteTokens
        let model = try GenerationModels.scripted([0] + script)
        let ended = try run(model, [1, 2], GenerationOptions()).completion
        #expect(ended.finishReason == .endOfText)
        #expect(ended.tokens == "Hi".byteTokens + [GenerationModels.endOfText])
        #expect(ended.text == "Hi")
        let whole = try run(model, [1, 2], GenerationOptions(maxTokens: 5, ignoreEndOfText: true)).completion
        #expect(whole.finishReason == .length)
        #expect(whole.tokens == script)
        #expect(whole.text == "HiHo")
    }

    @Test func theContextEndsTheText() throws {
        let model = try GenerationModels.scripted("abcdefgh".byteTokens)
        for count in 1...8 {
            let prompt = Array(repeating: 7, count: count)
            let completion = try run(model, prompt, GenerationOptions()).completion
            #expect(completion.tokens == Array("abcdefgh".byteTokens[(count - 1)...]))
            #expect(completion.finishReason == .length)
            #expect(completion.note != nil)
            let exact = try run(model, prompt, GenerationOptions(maxTokens: 9 - count)).completion
            #expect(exact.tokens == completion.tokens)
            #expect(exact.note == nil)
        }
        let error = caughtError { () throws(InputError) in
            try Generation(model, prompt: Array(repeating: 7, count: 9), options: .init())
        }
        #expect(error?.kind == .data)
    }

    @Test func anEmptyPromptStartsFromTheEndOfTextToken() throws {
        let model = try GenerationModels.scripted("abc".byteTokens)
        let completion = try run(model, [], GenerationOptions(maxTokens: 2)).completion
        #expect(completion.promptTokens == [GenerationModels.endOfText])
        #expect(completion.text == "ab")
        let without = try GenerationModels.scripted("abc".byteTokens, hasEndOfText: false)
        #expect(caughtError { () throws(InputError) in try Generation(without, prompt: []) }?.kind == .usage)
    }

    @Test func promptsAndOptionsThatFitNotTheModelAreRefused() throws {
        let scripted = try GenerationModels.scripted("abc".byteTokens)
        let bare = try GenerationModels.reference("base")
        for prompt in [[-1], [259], [1, .max]] {
            #expect(caughtError { () throws(InputError) in try Generation(scripted, prompt: prompt) }?.kind == .usage)
        }
        #expect(caughtError { () throws(InputError) in try Generation(bare, prompt: "text") }?.kind == .usage)
        let stop = caughtError { () throws(InputError) in
            try Generation(bare, prompt: [1], options: GenerationOptions(stop: ["x"]))
        }
        #expect(stop?.kind == .usage)
        #expect(stop?.place == "stop")
        let options = caughtError { () throws(InputError) in
            try Generation(bare, prompt: [1], options: GenerationOptions(topK: 0))
        }
        #expect(options?.place == "top-k")
    }

    @Test func theSeedDecidesTheText() throws {
        let model = try GenerationModels.reference("base")
        func tokens(_ seed: UInt64?) throws -> Completion {
            try run(model, [1, 2, 3], GenerationOptions(maxTokens: 30, temperature: 1.5, topK: nil, seed: seed))
                .completion
        }
        let first = try tokens(1)
        #expect(first.seed == 1)
        #expect(try tokens(1).tokens == first.tokens)
        #expect(try tokens(2).tokens != first.tokens)
        let fresh = try tokens(nil)
        #expect(try tokens(nil).seed != fresh.seed)
        #expect(try tokens(fresh.seed).tokens == fresh.tokens)
    }

    /// The random numbers belong to positions, so it does not matter where a text was taken up.
    @Test func aTextTakenUpGoesOnAlike() throws {
        let model = try GenerationModels.reference("base")
        var options = GenerationOptions(maxTokens: 40, temperature: 1.2, topK: nil, topP: 0.95, seed: 9)
        let whole = try run(model, [5, 6, 7], options).completion.tokens
        options.maxTokens = 25
        let rest = try run(model, [5, 6, 7] + whole.prefix(15), options).completion.tokens
        #expect(Array(whole[15...]) == rest)
    }

    @Test
    func damagedWeightsGiveAnError() throws {
        let model = try GenerationModels.scripted("abc".byteTokens, damage: .nan)
        #expect(!model.warnings.isEmpty)
        let generation = try Generation(model, prompt: [1])
        #expect(caughtError { () throws(InputError) in try generation.next() }?.kind == .data)
    }
}
