import GPT2
import Runtime
import Tensors
import TestSupport
import Testing

/// One number, one way: the same bits of logits whatever else happens around a token.
///
/// Everything is compared with ==, never with a tolerance. Lengths lie around the borders of register tiles (6, 12, 16 and 24
/// rows), attention's strips (32), cache pages (64), groups of rows (144) and matmul's blocks of 256.
@Suite(.serialized) struct InvarianceTests {
    static let lengths = [1, 5, 6, 7, 11, 12, 13, 15, 16, 17, 24, 25, 63, 64, 65, 144, 145, 255, 256, 257, 1023]

    let runner: Runner
    /// 1023 tokens, and the logits of all in one piece, from two threads.
    let tokens: [Int]
    let expected: [[Float]]

    init() throws {
        let reference = try Fixtures.reference("small/long")
        runner = try Runner(reference)
        tokens = try Array(#require(reference.tokens).prefix(1023))
        expected = try runner.logits(tokens, ForwardContext(team: Team(threads: 2)))
    }

    @Test(arguments: [1, 2, 3]) func onePieceOrChunks(threads: Int) throws {
        let context = ForwardContext(team: Team(threads: threads))
        for length in Self.lengths {
            for chunk in [length, 1, 3, 100] where chunk <= length {
                let logits = try runner.logits(Array(tokens.prefix(length)), chunk: chunk, context)
                #expect(logits.elementsEqual(expected.prefix(length)), "\(length) tokens in chunks of \(chunk)")
            }
        }
    }

    @Test(arguments: [1, 2, 3]) func batchOfFive(threads: Int) throws {
        let context = ForwardContext(team: Team(threads: threads))
        for lengths in [[1, 6, 17, 70, 257], [256, 5, 1022, 16, 1]] {
            let found = try runner.logits(
                together: lengths.map { Array(tokens.prefix($0)) }, then: lengths.map { tokens[$0] }, context)
            for (length, logits) in zip(lengths, found) {
                #expect(logits.elementsEqual(expected.prefix(length + 1)), "\(length) tokens among \(lengths)")
            }
        }
    }

    /// What is not asked for is not made, and changes neither what is asked for nor what comes later.
    @Test(arguments: [1, 2, 3]) func lastRowsAlone(threads: Int) throws {
        let context = ForwardContext(team: Team(threads: threads))
        for lengths in [[1, 6, 17, 70, 257], [256, 5, 1022, 16, 1], [3], [1, 1]] {
            let caches = lengths.map { KVCache(for: runner.model, capacity: $0 + 1) }
            var batch = ForwardBatch()
            // All but the last third of each sequence only fills its cache.
            for (length, cache) in zip(lengths, caches) where length >= 3 {
                try batch.append(tokens[..<(length - length / 3)], to: cache)
            }
            if !batch.tokens.isEmpty {
                #expect(runner.model.hiddenStates(batch, rows: .none, context).shape[0] == 0)
            }
            batch.removeAll()
            for (length, cache) in zip(lengths, caches) { try batch.append(tokens[cache.count..<length], to: cache) }
            let last = runner.model.logits(batch, context)
            #expect(last.shape[0] == lengths.count)
            batch.removeAll()
            for (length, cache) in zip(lengths, caches) { try batch.append([tokens[length]], to: cache) }
            let next = runner.model.logits(batch, context)
            for (index, length) in lengths.enumerated() {
                #expect(last.row(index) == expected[length - 1], "\(length) tokens among \(lengths)")
                #expect(next.row(index) == expected[length], "after \(length) tokens among \(lengths)")
            }
        }
    }

    /// Recomputation is a tape's; without one it changes nothing, whichever rows are asked for.
    @Test func recomputationWithoutATape() throws {
        let context = ForwardContext()
        for rows in [GPT2.Rows.none, .last, .all] {
            func hidden(recompute: Bool) throws -> Tensor {
                var batch = ForwardBatch()
                try batch.append(tokens[..<40], to: KVCache(for: runner.model, capacity: 40))
                return runner.model.hiddenStates(batch, rows: rows, recompute: recompute, context)
            }
            let (plain, recomputed) = try (hidden(recompute: false), hidden(recompute: true))
            #expect(recomputed.shape == plain.shape && recomputed.values == plain.values, "\(rows)")
        }
    }

    @Test func repeatedRuns() throws {
        let context = ForwardContext()
        #expect(try runner.logits(tokens, context) == expected)
        #expect(try runner.logits(tokens, context) == expected)
    }

    @Test(arguments: [1, 7, 17, 100, 257]) func identityTapsEverywhere(length: Int) throws {
        for chunk in [length, 3] {
            let watch = Watch(runner.model, chunk == 3 ? .copying : .same)
            let logits = try runner.logits(
                Array(tokens.prefix(length)), chunk: chunk, ForwardContext(taps: watch.taps))
            #expect(logits.elementsEqual(expected.prefix(length)), "in chunks of \(chunk)")
            #expect(watch.seen == Set(TapPoint.Site.allCases), "a site is not part of the forward pass")
        }
    }

    /// The plain kernels are the others' oracle: not one bit differs, whichever this processor can run.
    @Test(arguments: ["small/long", "small/together", "small/silu", "small/narrow-heads"])
    func scalarAndVector(name: String) throws {
        let reference = try Fixtures.reference(name)
        let runner = try Runner(reference)
        let tokens = try #require(reference.tokens)
        let scalar = try runner.logits(tokens, #require(ForwardContext(instructionSet: "scalar")))
        for instructionSet in ["avx2", "avx2streams", "avx512", "avx512vnni", "avx512amx", "neon", "neon-dotprod"] {
            guard let context = ForwardContext(instructionSet: instructionSet) else { continue }
            #expect(try runner.logits(tokens, context) == scalar, "\(instructionSet)")
            #expect(try runner.logits(tokens, chunk: 7, context) == scalar, "\(instructionSet) in chunks")
        }
    }
}

/// Taps at every point that hand on what they see, and remember where they were called.
final class Watch {
    enum Manner { case same, copying }

    let taps = Taps()
    private(set) var seen: Set<TapPoint.Site> = []

    init(_ model: GPT2, _ manner: Manner) {
        for site in TapPoint.Site.allCases {
            for layer in [nil] + (0..<model.configuration.layers).map(Optional.init) {
                taps.replace(TapPoint(site, layer: layer)) { [unowned self] tensor in
                    seen.insert(site)
                    return manner == .same ? tensor : Tensor(tensor.values, shape: tensor.shape)
                }
            }
        }
    }
}
