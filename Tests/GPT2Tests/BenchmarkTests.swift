import Files
import Foundation
import GPT2
import Runtime
import Tensors
import TestSupport
import Testing

/// What a benchmark counts and what it plans; not how fast anything is.
@Suite struct BenchmarkTests {
    private struct Counted: Decodable {
        let name: String
        let lengths, prompts, decoding: [Int]
    }

    private func cost(_ name: String, _ format: WeightFormat = .f32) throws -> NetworkCost {
        NetworkCost(try Runner(Fixtures.reference("small/\(name)"), weights: format).model)
    }

    @Test func operationsAreThoseThatPyTorchCounts() throws {
        let cases = try JSONDecoder().decode([Counted].self, from: Data(contentsOf: Fixtures.url("flops.json")))
        #expect(cases.count == 4)
        for counted in cases {
            let cost = try cost(counted.name)
            for (index, length) in counted.lengths.enumerated() {
                #expect(cost.prompt(of: length).operations == counted.prompts[index], "\(counted.name), \(length)")
                let step = cost.decoding(steps: 1, sequences: 1, depth: length)
                #expect(step.operations == counted.decoding[index], "\(counted.name), \(length)")
            }
            // Several steps are the same steps one by one, and so are several sequences.
            let steps = (7..<10).map { cost.decoding(steps: 1, sequences: 1, depth: $0).operations }
            let together = cost.decoding(steps: 3, sequences: 5, depth: 7)
            #expect(together.operations == 5 * steps.reduce(0, +))
        }
    }

    /// Written out for 128 channels, 2 blocks and 257 tokens, which take 17 panels of 16.
    @Test(arguments: zip(WeightFormat.allCases, [32.0, 16, 8.5, 4.5]))
    func bytesAreThoseOfEachWeightOnce(format: WeightFormat, bits: Double) throws {
        let cost = try cost("wide-heads", format)
        let matrices = 2 * (128 * 384 + 128 * 128 + 2 * 128 * 512) + 17 * 16 * 128
        let biases = 2 * (384 + 128 + 512 + 128)
        let norms = 2 * 4 * 128 + 2 * 128
        let weights = Int(Double(matrices) * bits / 8) + 4 * (biases + norms)
        #expect(cost.weightBytes == weights)
        // Each token reads its position's vector too; the token's own is in the head, which is read as a whole.
        #expect(cost.prompt(of: 33).bytes == weights + 33 * 4 * 128)
        // Keys and values of 128 channels, 2 blocks, for each position before: beside weights of 8 and 4 bits bytes, and a scale
        // for each of the 2 heads.
        let position = 2 * 2 * (bits < 16 ? 128 + 4 * 2 : 4 * 128)
        let step = cost.decoding(steps: 1, sequences: 1, depth: 20).bytes
        #expect(step == weights + 4 * 128 + 20 * position)
        let steps = cost.decoding(steps: 2, sequences: 3, depth: 20).bytes
        #expect(steps == 2 * (weights + 3 * 4 * 128) + 3 * (20 + 21) * position)
    }

    @Test func untiedTablesAreReadRowByRow() throws {
        let (tied, untied) = try (cost("base"), cost("untied"))
        #expect(tied.weightBytes == untied.weightBytes)
        #expect(untied.prompt(of: 9).bytes - tied.prompt(of: 9).bytes == 9 * 4 * 48)
    }

    @Test func limitIsTheLaterOfReadingAndComputing() {
        let limits = MachineLimits(bytesPerSecond: 100, operationsPerSecond: 1000)
        let reading = ForwardWork(bytes: 200, operations: 1000)
        let computing = ForwardWork(bytes: 200, operations: 3000)
        #expect(limits.seconds(for: reading) == 2 && limits.isMemoryBound(reading))
        #expect(limits.seconds(for: computing) == 3 && !limits.isMemoryBound(computing))
        let better = limits.best(MachineLimits(bytesPerSecond: 50, operationsPerSecond: 4000))
        #expect(better.bytesPerSecond == 100 && better.operationsPerSecond == 4000)
        let task = BenchmarkTask.decoding(depth: 8, sequences: 3, steps: 4)
        let measurement = BenchmarkMeasurement(task: task, work: reading, seconds: [8, 3, 5])
        #expect(measurement.tokensPerSecond == 12.0 / 5)
        #expect(measurement.slowestTokensPerSecond == 12.0 / 8 && measurement.fastestTokensPerSecond == 4)
        #expect(measurement.share(of: limits) == 2.0 / 5)
        #expect(BenchmarkMeasurement(task: task, work: reading, seconds: [8, 3, 5, 6]).medianSeconds == 5.5)
    }

    @Test func theProbesFindSomething() {
        let limits = MachineLimits(measuring: Team(threads: 2))
        #expect(limits.bytesPerSecond > 1e6 && limits.bytesPerSecond < 1e14)
        #expect(limits.operationsPerSecond > 1e6 && limits.operationsPerSecond < 1e16)
    }

    private func configuration(context: Int) -> GPT2Configuration {
        var configuration = GPT2Configuration()
        configuration.contextLength = context
        return configuration
    }

    @Test func defaultsCoverTheWholeContext() throws {
        let (tasks, notes) = try BenchmarkPlan().tasks(for: configuration(context: 1024))
        #expect(notes.isEmpty)
        #expect(
            tasks == [
                .prompt(length: 16), .prompt(length: 128), .prompt(length: 512),
                .decoding(depth: 16, sequences: 1, steps: 32), .decoding(depth: 256, sequences: 1, steps: 32),
                .decoding(depth: 900, sequences: 1, steps: 32), .decoding(depth: 16, sequences: 4, steps: 32),
                .decoding(depth: 16, sequences: 8, steps: 32), .decoding(depth: 16, sequences: 16, steps: 32),
            ])
    }

    @Test func whatAShortContextCannotHoldIsLeftOut() throws {
        var plan = BenchmarkPlan()
        plan.batches = [2, 3]
        let (tasks, notes) = try plan.tasks(for: configuration(context: 256))
        #expect(
            tasks == [
                .prompt(length: 16), .prompt(length: 128), .prompt(length: 256),
                .decoding(depth: 16, sequences: 2, steps: 32), .decoding(depth: 224, sequences: 2, steps: 32),
                .decoding(depth: 16, sequences: 3, steps: 32),
            ])
        #expect(notes.count == 2 && notes[0].contains("512") && notes[1].contains("256, 900"), "\(notes)")
        let one = try BenchmarkPlan().tasks(for: configuration(context: 1))
        #expect(one.tasks == [.prompt(length: 1)])
    }

    @Test func whatCannotBeIsRefused() throws {
        func error(_ change: (inout BenchmarkPlan) -> Void) -> InputError? {
            var plan = BenchmarkPlan()
            change(&plan)
            do throws(InputError) { _ = try plan.tasks(for: configuration(context: 1024)) } catch { return error }
            return nil
        }
        #expect(error { _ in } == nil)
        for (place, change): (String, (inout BenchmarkPlan) -> Void) in [
            ("prompt-lengths", { $0.promptLengths = [16, 0] }), ("prompt-lengths", { $0.promptLengths = [1025] }),
            ("depths", { $0.depths = [-1] }), ("depths", { $0.depths = [1024] }),
            ("depths", { $0.depths = [16, 993] }), ("depths", { $0.depths = [Int.max] }),
            ("batches", { $0.batches = [0] }), ("batches", { $0.batches = [1, 1025] }),
            ("tokens", { $0.tokens = 0 }), ("tokens", { $0.tokens = 2000 }), ("repetitions", { $0.repetitions = 0 }),
        ] {
            let error = error(change)
            #expect(error?.kind == .usage && error?.place == place, "\(String(describing: error))")
        }
        #expect(error { $0.depths = [992] } == nil)
    }

    /// A thousand sequences of the largest context take more than any machine has.
    @Test func whatNoMemoryHoldsIsRefused() throws {
        var plan = BenchmarkPlan()
        plan.batches = [1024]
        plan.depths = [1 << 23]
        #expect { try plan.tasks(for: configuration(context: 1 << 24)) } throws: { error in
            (error as? InputError)?.kind == .usage && (error as? InputError)?.place == "batches"
        }
    }

    @Test(arguments: WeightFormat.allCases) func everythingIsMeasuredAsOftenAsAsked(format: WeightFormat) throws {
        let reference = try Fixtures.reference("small/base")
        let model = try CounterCheckpoint.with(reference) { try GPT2Model(directory: $0, weights: format) }
        let benchmark = try Benchmark(model, repetitions: 2)
        try benchmark.warmUp()
        for task in [
            BenchmarkTask.prompt(length: 256), .prompt(length: 1), .decoding(depth: 5, sequences: 3, steps: 4),
            .decoding(depth: 255, sequences: 1, steps: 1),
        ] {
            let measurement = try benchmark.measure(task)
            #expect(measurement.task == task && measurement.seconds.count == 2)
            #expect(measurement.seconds.allSatisfy { $0 > 0 })
            #expect(measurement.work == task.work(NetworkCost(model.network)))
        }
    }

    /// What is read after going back is what a fresh cache would have.
    @Test func rewoundCachesForget() throws {
        let model = try Runner(Fixtures.reference("small/base")).model
        let context = ForwardContext()
        func read(_ tokens: [Int], into cache: KVCache) throws -> [Float] {
            var batch = ForwardBatch()
            try batch.append(tokens, to: cache)
            return model.logits(batch, context).row(0)
        }
        let cache = KVCache(for: model, capacity: 200)
        _ = try read(Array(1...10), into: cache)
        _ = try read(Array(30...180), into: cache)
        cache.truncate(to: 10)
        #expect(cache.count == 10)
        let again = try read([11, 12, 13], into: cache)
        #expect(try again == read(Array(1...13), into: KVCache(for: model, capacity: 13)))
    }
}
