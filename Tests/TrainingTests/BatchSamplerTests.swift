import Files
import Foundation
import TestSupport
import Testing
import Training

@Suite struct BatchSamplerTests {
    /// The ids 0, 1, 2, …
    private func counting(_ count: Int) throws -> TokenSequence {
        let folder = try TemporaryFolder()
        let bytes = (0..<count).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        return try TokenSequence([TokenShard(path: folder.write("ids.bin", bytes))])
    }

    @Test func targetsFollowInputs() throws {
        let sampler = try BatchSampler(
            counting(1000), vocabularySize: 1000, batchSize: 4, contextLength: 16, seed: 1)
        let batch = try sampler.batch(step: 3)
        #expect((batch.rows, batch.length) == (4, 16))
        #expect(batch.inputs.count == 64 && batch.targets == batch.inputs.map { $0 + 1 })
        for row in 0..<4 {
            let start = sampler.start(step: 3, microBatch: 0, row: row)
            #expect(Array(batch.inputs[row * 16..<(row + 1) * 16]) == (start..<start + 16).map(Int32.init))
        }
    }

    @Test func dependsOnSeedStepAndPlaceAlone() throws {
        let tokens = try counting(60_000)
        func sampler(_ batchSize: Int, _ seed: UInt64) throws -> BatchSampler {
            try BatchSampler(
                tokens, vocabularySize: 60_000, batchSize: batchSize, contextLength: 8, seed: seed)
        }
        let whole = try sampler(12, 5)
        let batch = try whole.batch(step: 7)
        // In whatever order they are asked for.
        _ = try whole.batch(step: 8)
        #expect(try whole.batch(step: 7) == batch)
        #expect(try whole.batch(step: 8) != batch)
        #expect(try sampler(12, 6).batch(step: 7) != batch)
        // Four micro-batches of three rows see what one batch of twelve sees.
        let parts = try (0..<4).map { try sampler(3, 5).batch(step: 7, microBatch: $0) }
        #expect(parts.flatMap(\.inputs) == batch.inputs)
        #expect(parts.flatMap(\.targets) == batch.targets)
    }

    /// nanoGPT draws from `randint(len(data) - block_size)`: the last window ends with the last token as its target.
    @Test func everyWindowIsAsLikely() throws {
        let sampler = try BatchSampler(
            counting(20), vocabularySize: 20, batchSize: 8, contextLength: 4, seed: 11)
        var counts = [Int](repeating: 0, count: 16)
        for step in 0..<4000 {
            for row in 0..<8 { counts[sampler.start(step: step, microBatch: 0, row: row)] += 1 }
        }
        // Chi-squared with 15 degrees of freedom passes 37.7 once in a thousand seeds.
        let chiSquared = counts.reduce(0) { $0 + (Double($1) - 2000) * (Double($1) - 2000) / 2000 }
        #expect(chiSquared < 37.7)
    }

    @Test func oneWindowIsEnough() throws {
        let tokens = try counting(9)
        let sampler = try BatchSampler(tokens, vocabularySize: 9, batchSize: 2, contextLength: 8, seed: 0)
        #expect(try sampler.batch(step: 0).targets == Array(1...8) + Array(1...8))
        let error = caughtError { () throws(InputError) in
            try BatchSampler(tokens, vocabularySize: 9, batchSize: 2, contextLength: 9, seed: 0)
        }
        #expect(error?.kind == .data)
        #expect(error?.problem == "the training data has 9 tokens; a context of 9 needs at least 10")
    }

    @Test func neverHandsOutAForeignToken() throws {
        let sampler = try BatchSampler(counting(9), vocabularySize: 8, batchSize: 1, contextLength: 8, seed: 0)
        let error = caughtError { () throws(InputError) in try sampler.batch(step: 0) }
        #expect(error?.problem.contains("it now holds the token 8, outside the vocabulary of 8 tokens") == true)
    }

    // MARK: Evaluation

    @Test(arguments: [2, 3, 8, 9, 10, 33, 40, 41, 42])
    func evaluationPredictsEachTokenOnce(count: Int) throws {
        let windows = try EvaluationWindows(
            counting(count), vocabularySize: count, batchSize: 3, contextLength: 8)
        let batches = try (0..<windows.count).map { try windows.batch($0) }
        #expect(batches.flatMap(\.targets) == (1..<count).map(Int32.init))
        #expect(batches.flatMap(\.inputs) == (0..<count - 1).map(Int32.init))
        #expect(windows.scoredTokens == count - 1)
        #expect(batches.allSatisfy { $0.rows <= 3 && ($0.length == 8 || $0.rows == 1) })
    }

    @Test func evaluationCanTakeFewerWindowsSpreadEvenly() throws {
        let windows = try EvaluationWindows(
            counting(802), vocabularySize: 802, batchSize: 2, contextLength: 8, limit: 5)
        let batches = try (0..<windows.count).map { try windows.batch($0) }
        let starts = batches.flatMap { batch in (0..<batch.rows).map { batch.inputs[$0 * batch.length] } }
        #expect(starts == [0, 160, 320, 480, 640])
        #expect(windows.scoredTokens == 40)
    }

    @Test func evaluationNeedsATokenToPredict() throws {
        let tokens = try counting(1)
        let error = caughtError { () throws(InputError) in
            try EvaluationWindows(tokens, vocabularySize: 1, batchSize: 2, contextLength: 9)
        }
        #expect(error?.problem == "the validation data has 1 token; a context of 1 needs at least 2")
    }
}
