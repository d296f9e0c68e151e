import Files
import Foundation
import GPT2
import Synchronization
import TestSupport
import Testing

private final class Log: Sendable {
    private let names = Mutex<[Int]>([])
    var all: [Int] { names.withLock { $0 } }
    func append(_ name: Int) { names.withLock { $0.append(name) } }
}

@Suite struct GenerationAsyncTests {
    @Test func piecesComeAsTheyAreAskedFor() async throws {
        let text = "Once upon a time."
        let model = try GenerationModels.scripted([0] + text.byteTokens)
        var shown = ""
        var completion: Completion?
        for try await piece in model.generate("hi", options: GenerationOptions(maxTokens: text.utf8.count)) {
            shown += piece.text
            completion = piece.completion
        }
        #expect(shown == text)
        #expect(completion?.text == text)
        #expect(try await model.complete("hi", options: GenerationOptions(stop: ["."])).text == "Once upon a time")
        #expect(try await model.complete([1, 2], options: GenerationOptions(maxTokens: 4)).text == "Once")
    }

    @Test func errorsComeWithTheFirstPiece() async throws {
        let model = try GenerationModels.reference("base")
        await #expect(throws: InputError.self) { for try await _ in model.generate("text") {} }
        await #expect(throws: InputError.self) { try await model.complete([9999]) }
        await #expect(throws: InputError.self) { try await model.complete([1], options: .init(topP: 7)) }
    }

    @Test func textsAtOnceEqualTextsAlone() async throws {
        let model = try GenerationModels.reference("base")
        func complete(_ seed: UInt64) async throws -> [Int] {
            let options = GenerationOptions(maxTokens: 50, temperature: 1.1, seed: seed)
            return try await model.complete([Int(seed), 2, 3], options: options).tokens
        }
        var alone: [[Int]] = []
        for seed in 0..<8 { alone.append(try await complete(UInt64(seed))) }
        let together = try await withThrowingTaskGroup(of: (Int, [Int]).self) { group in
            for seed in 0..<8 { group.addTask { (seed, try await complete(UInt64(seed))) } }
            return try await group.reduce(into: [Int: [Int]]()) { $0[$1.0] = $1.1 }
        }
        for seed in 0..<8 { #expect(together[seed] == alone[seed]) }
    }

    @Test func textsAtOnceTakeTurns() async throws {
        let model = try GenerationModels.reference("long")
        let log = Log()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in 0..<3 {
                group.addTask {
                    let options = GenerationOptions(maxTokens: 200, ignoreEndOfText: true)
                    for try await _ in model.generate([name], options: options) { log.append(name) }
                }
            }
            try await group.waitForAll()
        }
        let names = log.all
        #expect(names.count == 600)
        let switches = zip(names, names.dropFirst()).count { $0 != $1 }
        #expect(switches > 100, "one text was finished before the next began")
    }

    @Test func cancellationEndsTheLoop() async throws {
        let model = try GenerationModels.reference("long")
        let task = Task {
            var pieces = 0
            for try await _ in model.generate([1], options: GenerationOptions(maxTokens: 500, ignoreEndOfText: true)) {
                pieces += 1
                if pieces == 3 { withUnsafeCurrentTask { $0?.cancel() } }
            }
            return pieces
        }
        #expect(try await task.value == 3)
    }

    @Test func aCancelledCompletionThrows() async throws {
        let model = try GenerationModels.reference("base")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await model.complete([1])
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func leavingTheLoopFreesEverything() async throws {
        var model = try GenerationModels.reference("base")
        for try await piece in model.generate([1], options: GenerationOptions(maxTokens: 100, ignoreEndOfText: true))
        where piece.token >= 0 { break }
        // The compute thread lets go of its last job a moment after it has answered.
        for _ in 0..<1000 where !isKnownUniquelyReferenced(&model) { try await Task.sleep(for: .milliseconds(1)) }
        #expect(isKnownUniquelyReferenced(&model))
    }

    /// A model that its owner has let go of lives as long as the text that it generates.
    @Test func theTextKeepsTheModel() async throws {
        let text = try GenerationModels.scripted([0] + "abc".byteTokens).generate([1, 2], options: .init(maxTokens: 3))
        var shown = ""
        for try await piece in text { shown += piece.text }
        #expect(shown == "abc")
    }
}
