import GPT2
import Runtime
import Tensors
import TestSupport
import Testing

/// ``InvarianceTests`` at the 124M shape, for the last row of prompts of each length.
@Suite(.serialized, .disabled(if: Large.isSkipped, Large.reason))
struct InvarianceLarge124MTests {
    static let lengths = [1, 5, 6, 7, 15, 16, 17, 255, 256, 257, 1023]
    static let tokens = (0..<1024).map { (7919 * $0 + 11) % 50257 }

    /// The last rows of prompts in one piece, from two threads.
    static let expected = Result {
        let context = ForwardContext(team: Team(threads: 2))
        let runner = try Large.runner.get()
        return try lengths.map { try runner.logits(Array(tokens.prefix($0)), rows: [$0 - 1], context)[0] }
    }

    @Test(arguments: [1, 3, 100]) func chunks(of chunk: Int) throws {
        let (runner, expected) = (try Large.runner.get(), try Self.expected.get())
        let rows = Self.lengths.map { $0 - 1 }
        let found = try runner.logits(Array(Self.tokens.prefix(1023)), rows: rows, chunk: chunk)
        for (index, length) in Self.lengths.enumerated() {
            #expect(found[index] == expected[index], "\(length) tokens")
        }
    }

    @Test(arguments: [1, 2, 3]) func threadsAndRepeatedRuns(threads: Int) throws {
        let (runner, expected) = (try Large.runner.get(), try Self.expected.get())
        let context = ForwardContext(team: Team(threads: threads))
        for (index, length) in Self.lengths.enumerated() where [1, 7, 17, 257, 1023].contains(length) {
            let found = try runner.logits(Array(Self.tokens.prefix(length)), rows: [length - 1], context)
            #expect(found == [expected[index]], "\(length) tokens")
        }
    }

    /// Prompts of lengths less one go in together; the last token of each follows, together again.
    @Test func batchOfFive() throws {
        let (runner, expected) = (try Large.runner.get(), try Self.expected.get())
        let indices = [4, 7, 1, 9, 6]
        let prompts = indices.map { Array(Self.tokens.prefix(Self.lengths[$0] - 1)) }
        let next = indices.map { Self.tokens[Self.lengths[$0] - 1] }
        let found = try runner.logits(together: prompts, then: next, ForwardContext())
        for (index, logits) in zip(indices, found) {
            #expect(logits.last == expected[index], "\(Self.lengths[index]) tokens")
        }
    }

    @Test(arguments: [6, 9]) func identityTapsEverywhere(index: Int) throws {
        let (runner, expected) = (try Large.runner.get(), try Self.expected.get())
        let length = Self.lengths[index]
        let watch = Watch(runner.model, .copying)
        let context = ForwardContext(taps: watch.taps)
        #expect(
            try runner.logits(Array(Self.tokens.prefix(length)), rows: [length - 1], context) == [expected[index]],
            "\(length) tokens")
        #expect(watch.seen == Set(TapPoint.Site.allCases))
    }
}
