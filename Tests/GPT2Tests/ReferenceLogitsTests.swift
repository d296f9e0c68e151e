import TestSupport
import Testing

/// The model computes what Hugging Face transformers computes in float64, as nearly as PyTorch's own float32 does.
@Suite struct ReferenceLogitsTests {
    @Test(arguments: Fixtures.smallNames)
    func smallConfiguration(name: String) throws {
        let reference = try Fixtures.reference("small/\(name)")
        let tolerance = try #require(reference.tolerance)
        let logits = try Runner(reference).logits(try #require(reference.tokens))
        for (row, expected) in zip(try #require(reference.rows), try #require(reference.logits)) {
            let error = largestDifference(logits[row], expected)
            #expect(error <= tolerance, "row \(row)")
        }
    }

    /// Every flag matters: its case differs from `base` in that flag alone, and moves our own logits by more than a
    /// hundred tolerances, so that ignoring it could not pass ``smallConfiguration(name:)``.
    @Test(
        arguments: [
            "gelu", "relu", "silu", "tanh", "inner-width", "epsilon", "unscaled-attention", "inverse-layer", "untied",
        ])
    func flagMovesLogits(name: String) throws {
        let base = try Fixtures.reference("small/base")
        let flipped = try Fixtures.reference("small/\(name)")
        let tokens = try #require(base.tokens)
        #expect(flipped.tokens == tokens)
        let move =
            try zip(Runner(base).logits(tokens), Runner(flipped).logits(tokens)).map(largestDifference).max() ?? 0
        #expect(move > 100 * Double(max(base.tolerance ?? .infinity, flipped.tolerance ?? .infinity)))
        #expect(abs(move - (try #require(flipped.moves))) <= 2 * (base.tolerance ?? 0) + 1e-3 * move)
    }

    /// `reorder_and_upcast_attn` changes the order of exact operations only: scaling keys before the product instead of
    /// scores after it, and computing scores in float32, as everything here is.
    @Test func reorderAndUpcastIsNeutral() throws {
        let base = try Fixtures.reference("small/base")
        let flipped = try Fixtures.reference("small/reorder-and-upcast")
        let tokens = try #require(base.tokens)
        let move =
            try zip(Runner(base).logits(tokens), Runner(flipped).logits(tokens)).map(largestDifference).max() ?? 0
        #expect(move <= 2 * (try #require(base.tolerance)))
    }

    @Test(arguments: Fixtures.smallNames)
    func greedyContinuation(name: String) throws {
        let reference = try Fixtures.reference("small/\(name)")
        guard let greedy = reference.greedy else { return }  // the context is too short for 200 tokens
        #expect(try Runner(reference).greedy(greedy.prompt, count: greedy.tokens.count) == greedy.tokens)
    }
}

/// The 124M shape, with weights from ``CounterWeights``.
@Suite(.serialized, .disabled(if: Large.isSkipped, Large.reason))
struct ReferenceLarge124MTests {
    @Test func rowsOfLogits() throws {
        let (reference, runner) = (try Large.reference.get(), try Large.runner.get())
        let tolerance = try #require(reference.tolerance)
        let columns = try #require(reference.columns)
        for prompt in try #require(reference.prompts) {
            let logits = try runner.logits(prompt.tokens, rows: prompt.rows)
            for (index, row) in logits.enumerated() {
                #expect(largestDifference(columns.map { row[$0] }, prompt.logits[index]) <= tolerance)
                // The columns that are not stored: none of these figures moves further than the furthest logit.
                let (figures, whole) = (Figures(of: row), prompt.wholeRows[index])
                #expect(abs(figures.mean - whole.mean) <= tolerance)
                #expect(abs(figures.rootMeanSquare - whole.rootMeanSquare) <= tolerance)
                #expect(abs(figures.logSumExp - whole.logSumExp) <= tolerance)
                #expect(largestDifference(whole.top.map { row[$0] }, whole.topLogits) <= tolerance)
                #expect(Double(try #require(row.max())) <= whole.topLogits[0] + tolerance)
            }
        }
    }

    @Test func greedyContinuation() throws {
        let (reference, runner) = (try Large.reference.get(), try Large.runner.get())
        let greedy = try #require(reference.greedy)
        #expect(try runner.greedy(greedy.prompt, count: greedy.tokens.count) == greedy.tokens)
    }
}
