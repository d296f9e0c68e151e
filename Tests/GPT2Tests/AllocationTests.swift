import AllocationCounter
import Foundation
import GPT2
import Runtime
import Synchronization
import Tensors
import TestSupport
import Testing

/// A decoded token costs no heap allocation: neither the forward pass, on any of its threads, nor the choice of a token.
///
/// Serialized, because the count is of all included threads. The teams share all work: these models are so small that they
/// would leave it to one thread.
@Suite(
    .serialized, .enabled(if: allocation_counter_works() == 1, "allocations are counted with glibc only"))
struct AllocationTests {
    private final class IncludeThread: TeamTask, Sendable {
        private let isIncluded: Bool
        private let arrived = Atomic(0)

        init(isIncluded: Bool) { self.isIncluded = isIncluded }

        /// Waits until all parts have begun, so that no thread does two.
        func run(part: Int, of parts: Int) {
            allocation_counter_include_thread(isIncluded ? 1 : 0)
            arrived.wrappingAdd(1, ordering: .relaxed)
            while arrived.load(ordering: .relaxed) < parts { sched_yield() }
        }
    }

    /// The allocations of this thread and of the team's threads.
    private func count(_ team: Team, _ body: () throws -> Void) rethrows -> Int {
        team.run(IncludeThread(isIncluded: true))
        let before = allocation_counter_total()
        defer { team.run(IncludeThread(isIncluded: false)) }
        try body()
        return allocation_counter_total() - before
    }

    /// Else the tests below could not fail.
    @Test func theCounterCounts() throws {
        final class Object { var value = 0 }
        var objects: [Object] = []
        #expect(count(Team(threads: 2)) { for _ in 0..<10 { objects.append(Object()) } } >= 10)
        let team = Team(threads: 2)
        struct Allocate: TeamTask {
            func run(part: Int, of parts: Int) { withExtendedLifetime([Int](repeating: part, count: 100)) {} }
        }
        #expect(count(team) { for _ in 0..<10 { team.run(Allocate()) } } == 20)
    }

    private static let options: [GenerationOptions] = [
        GenerationOptions(maxTokens: 240, greedy: true, ignoreEndOfText: true),
        GenerationOptions(maxTokens: 240, seed: 1, ignoreEndOfText: true),
        GenerationOptions(maxTokens: 240, temperature: 1.1, topK: 100, topP: 0.9, seed: 1, ignoreEndOfText: true),
        GenerationOptions(maxTokens: 240, temperature: 1, topK: nil, topP: 0.9, seed: 1, ignoreEndOfText: true),
        GenerationOptions(maxTokens: 240, temperature: 1, topK: nil, seed: 1, ignoreEndOfText: true),
    ]

    @Test(arguments: [1, 2, 3], options)
    func decodingAllocatesNothing(threads: Int, options: GenerationOptions) throws {
        try decode(threads: threads, options: options, format: .f32)
    }

    @Test(arguments: [1, 2], [WeightFormat.f16, .q8, .q4])
    func noFormatAllocates(threads: Int, format: WeightFormat) throws {
        try decode(threads: threads, options: Self.options[0], format: format)
    }

    private func decode(threads: Int, options: GenerationOptions, format: WeightFormat) throws {
        let team = Team(threads: threads, sharingFrom: 0)
        let model = try CounterCheckpoint.with(Fixtures.reference("small/base")) { path in
            try GPT2Model(directory: path, weights: format, team: team)
        }
        let generation = try Generation(model, prompt: [1, 2, 3, 4, 5], options: options)
        try expectNoAllocation(of: generation, team, after: 2, tokens: 237)
    }

    /// A proposal of as many tokens as one before it costs nothing either.
    @Test(arguments: [1, 2]) func guessingAllocatesNothing(threads: Int) throws {
        let team = Team(threads: threads, sharingFrom: 0)
        let model = try CounterCheckpoint.with(Fixtures.reference("small/base")) { path in
            try GPT2Model(directory: path, team: team)
        }
        var options = Self.options[2]
        options.speculation = .draft(model, upTo: 4)
        let drafted = try Generation(model, prompt: [1, 2, 3, 4, 5], options: options)
        try expectNoAllocation(of: drafted, team, after: 20, tokens: 200)
        #expect(drafted.timings.speculation?.acceptedTokens ?? 0 > 100)

        // A token's row of the head stands for six positions only: with more, noise outweighs what it is to say.
        let script = (0..<150).map { $0 % 25 }
        let scripted = try GPT2Model(
            network: GenerationModels.scripted(script).network, tokenizer: nil, team: team)
        options.greedy = true
        options.speculation = .promptLookup(upTo: 4)
        let lookedUp = try Generation(scripted, prompt: [1], options: options)
        try expectNoAllocation(of: lookedUp, team, after: 60, tokens: 70)
        #expect(lookedUp.timings.speculation?.acceptedTokens ?? 0 > 60)
    }

    private func expectNoAllocation(
        of generation: Generation, _ team: Team, after first: Int, tokens: Int
    ) throws {
        for _ in 0..<first { _ = try generation.next() }
        var pieces = 0
        let allocations = try count(team) {
            while pieces < tokens {
                _ = try generation.next()
                pieces += 1
            }
        }
        #expect(allocations == 0, "\(pieces) tokens")
    }
}
