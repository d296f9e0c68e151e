import Runtime
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Which thread this is, as a number.
private func currentThread() -> Int {
    #if canImport(Darwin)
        Int(bitPattern: pthread_self())
    #else
        Int(pthread_self())
    #endif
}

private actor Guest {
    private let thread: ComputeThread

    init(on thread: ComputeThread) { self.thread = thread }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func whereabouts() -> Int { currentThread() }
}

private final class Log: Sendable {
    private let names = Mutex<[String]>([])
    var all: [String] { names.withLock { $0 } }
    func append(_ name: String) { names.withLock { $0.append(name) } }
}

/// Keeps a thread busy until it is opened.
private final class Gate: Sendable {
    private let isOpen = Atomic(false)
    func open() { isOpen.store(true, ordering: .releasing) }
    func wait() { while !isOpen.load(ordering: .acquiring) { usleep(100) } }
}

@Suite struct ComputeThreadTests {
    private struct Refusal: Error {}

    @Test func workRunsOnOneThreadOfItsOwn() async throws {
        let thread = ComputeThread()
        let first = await thread.run { currentThread() }
        for _ in 0..<20 {
            let there = await thread.run { currentThread() }
            #expect(there == first)
        }
        #expect(await ComputeThread().run { currentThread() } != first)
        #expect(await Guest(on: thread).whereabouts() == first)
        await #expect(throws: Refusal.self) { try await thread.run { () throws(Refusal) in throw Refusal() } }
    }

    @Test @MainActor func workLeavesTheMainActor() async {
        let here = currentThread()
        let there = await ComputeThread.shared.run { currentThread() }
        #expect(here != there)
        #expect(currentThread() == here)
    }

    @Test func jobsTakeTurnsInTheOrderTheyCame() async {
        let thread = ComputeThread()
        let gate = Gate()
        let log = Log()
        let blocker = Task(executorPreference: thread) { gate.wait() }
        let names = ["a", "b", "c"]
        let tasks = names.map { name in
            Task(executorPreference: thread) {
                for _ in 0..<100 {
                    log.append(name)
                    await Task.yield()
                }
            }
        }
        gate.open()
        for task in tasks { await task.value }
        await blocker.value
        #expect(log.all == (0..<100).flatMap { _ in names })
    }

    @Test func manyTasksAtOnceAllRun() async {
        let thread = ComputeThread()
        let total = await withTaskGroup(of: Int.self) { group in
            for number in 0..<1000 { group.addTask { await thread.run { number } } }
            return await group.reduce(0, +)
        }
        #expect(total == 499_500)
    }
}
