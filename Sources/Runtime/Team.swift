internal import Kernels
internal import Synchronization

/// Work that a team's threads share: each runs a part of it, and another while parts are left.
///
/// A protocol and not a closure, because handing a closure to another thread costs two heap allocations, and a decoded
/// token may cost none. Tasks are taken as if they could not be copied: threads that copied one would wait for each other to
/// count the references to its tensors.
package protocol TeamTask: ~Copyable {
    /// Does part `part` of `parts`. Parts run at the same time on different threads and write to different places.
    func run(part: Int, of parts: Int)
}

extension TeamTask where Self: ~Copyable {
    fileprivate static func run(at address: UnsafeRawPointer, part: Int, of parts: Int) {
        address.assumingMemoryBound(to: Self.self).pointee.run(part: part, of: parts)
    }
}

/// A few threads that wait for work by spinning for some microseconds before they sleep.
///
/// Starting a region costs about a microsecond, against some twenty for Dispatch or a task group, and a forward pass
/// has some six regions a layer. One region runs at a time; another thread that starts one waits for its turn. What a
/// region computes never depends on how many threads share it.
public final class Team: Sendable {
    /// The process's own team, of as many threads as ``Processor/count`` says.
    public static let shared = Team(threads: Processor.count)

    /// The thread that starts a region works in it too, so a team of n has n - 1 threads of its own.
    public let threads: Int

    /// How many simple operations are worth waking the threads for.
    private let worthwhile: Int
    private let region = Mutex(())
    private let state: TeamState

    /// A team of `threads` threads, from 1 to 256; other numbers are brought into that range. Where the system refuses
    /// to start so many, the team is as large as it allows: results do not depend on it.
    public convenience init(threads: Int) { self.init(threads: threads, sharingFrom: 20_000) }

    /// - Parameter operations: what `run(_:operations:)` takes to be worth sharing; 0 for tests, so that all is shared.
    package init(threads: Int, sharingFrom operations: Int) {
        worthwhile = operations
        state = TeamState()
        var started = 1
        while started < min(max(threads, 1), 256), state.startWorker() { started += 1 }
        self.threads = started
    }

    deinit { state.stop() }

    /// Runs every part of `task` and returns when all are done. Must not be called from inside a region.
    ///
    /// - Parameter partsPerThread: with more than one, threads that get on well do more of them than one that has to
    ///   share its processor with another program.
    package func run<Task: TeamTask & ~Copyable>(_ task: borrowing Task, partsPerThread: Int = 1) {
        if threads == 1 { return task.run(part: 0, of: 1) }
        withUnsafePointer(to: task) { task in
            region.withLock { _ in
                state.run(UnsafeRawPointer(task), type: Task.self, parts: threads * partsPerThread)
            }
        }
    }

    /// Runs `task` on all threads if it is worth waking them: if it takes some `operations` or more of simple
    /// arithmetic; else on the calling thread alone.
    package func run<Task: TeamTask & ~Copyable>(
        _ task: borrowing Task, operations: Int, partsPerThread: Int = 1
    ) {
        if operations < worthwhile {
            task.run(part: 0, of: 1)
        } else {
            run(task, partsPerThread: partsPerThread)
        }
    }
}

/// What a team's threads share. They hold it alone, never the team, so that a team nobody uses can end.
private final class TeamState: Sendable {
    private struct Job {
        var address: UnsafeRawPointer
        var type: any (TeamTask & ~Copyable).Type
        var parts: Int
    }

    // Sound without a lock: written before its first part can be claimed and read by those who have claimed one, and the
    // next region starts only when `unfinished` has come back to zero.
    nonisolated(unsafe) private var job: Job?
    nonisolated(unsafe) private var stopping = false
    /// The region's number in the upper half, then its parts and those of them that are claimed, 16 bits each. A thread
    /// that comes late finds none left, so nobody waits for one that sleeps.
    private let claims = Atomic<UInt64>(0)
    /// Counts regions; a worker waits for it to change.
    private let generation = Signal()
    /// The parts that are not done yet.
    private let unfinished = Signal()

    func run(_ address: UnsafeRawPointer, type: any (TeamTask & ~Copyable).Type, parts: Int) {
        precondition(parts < 1 << 16, "\(parts) parts")
        job = Job(address: address, type: type, parts: parts)
        unfinished.set(UInt32(parts))
        let region = (claims.load(ordering: .relaxed) >> 32 + 1) & 0xffff_ffff
        claims.store(region << 32 | UInt64(parts) << 16, ordering: .releasing)
        generation.add(1)
        work()
        unfinished.wait { $0 == 0 }
    }

    /// Does parts of the region until all are claimed.
    private func work() {
        while let part = claim() {
            if let job { job.type.run(at: job.address, part: part, of: job.parts) }
            unfinished.add(UInt32.max)  // one less
        }
    }

    private func claim() -> Int? {
        var word = claims.load(ordering: .relaxed)
        while word & 0xffff < word >> 16 & 0xffff {
            let (isMine, found) = claims.weakCompareExchange(
                expected: word, desired: word + 1, ordering: .acquiringAndReleasing)
            if isMine { return Int(word & 0xffff) }
            word = found
        }
        return nil
    }

    func stop() {
        stopping = true
        generation.add(1)
    }

    /// False if the system refuses another thread.
    func startWorker() -> Bool {
        startThread { [self] in
            var seen: UInt32 = 0
            while true {
                seen = generation.wait { $0 != seen }
                if stopping { return }
                work()
            }
        }
    }
}

/// A word that threads wait on: first spinning for some hundred microseconds, then asleep, so that a busy machine
/// gets its processor back.
private final class Signal: Sendable {
    // On the heap and not in the object, because threads sleep on the word's address.
    private nonisolated(unsafe) let word: UnsafeMutablePointer<Atomic<UInt32>>
    private let sleepers = Atomic<UInt32>(0)

    init() {
        word = .allocate(capacity: 1)
        word.initialize(to: Atomic(0))
    }

    deinit {
        word.deinitialize(count: 1)
        word.deallocate()
    }

    private var address: UnsafePointer<UInt32> { UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self) }

    /// For when nobody waits.
    func set(_ value: UInt32) { word.pointee.store(value, ordering: .relaxed) }

    func add(_ difference: UInt32) {
        word.pointee.wrappingAdd(difference, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) != 0 { threads_wake(address) }
    }

    /// - Returns: the value that was found ready.
    @discardableResult func wait(until ready: (UInt32) -> Bool) -> UInt32 {
        for _ in 0..<10_000 {
            let value = word.pointee.load(ordering: .acquiring)
            if ready(value) { return value }
            threads_pause()
        }
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
        while true {
            let value = word.pointee.load(ordering: .sequentiallyConsistent)
            if ready(value) { return value }
            threads_wait(address, value)
        }
    }
}
