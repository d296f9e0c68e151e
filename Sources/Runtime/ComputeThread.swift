#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A thread of its own for work that takes long, an executor for actors and tasks.
///
/// A forward pass would occupy a thread of Swift's cooperative pool, of which there are only as many as processors, and
/// nothing else could run there meanwhile. Jobs run one at a time, in the order in which they came: work that is
/// submitted in small steps takes turns fairly. The thread lives as long as the process.
package final class ComputeThread: SerialExecutor, TaskExecutor {
    package static let shared = ComputeThread()

    /// Safe to share: a lock and a condition are made for it, and they never move.
    private nonisolated(unsafe) let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private nonisolated(unsafe) let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Safe to share: touched only under the lock.
    private nonisolated(unsafe) var waiting: [UnownedJob] = []

    package init() {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(arrival, nil)
        let started = startThread { self.runJobs() }
        precondition(started, "the system refused to start the compute thread")
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(lock)
        waiting.append(job)
        pthread_mutex_unlock(lock)
        pthread_cond_signal(arrival)
    }

    /// Runs `body` on this thread, after the work that waits there already.
    package func run<Result: Sendable, Failure>(
        _ body: @Sendable () throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        try await withTaskExecutorPreference(self) { @concurrent () async throws(Failure) in try body() }
    }

    private func runJobs() -> Never {
        let serial = asUnownedSerialExecutor()
        let task = asUnownedTaskExecutor()
        var jobs: [UnownedJob] = []
        while true {
            pthread_mutex_lock(lock)
            while waiting.isEmpty { pthread_cond_wait(arrival, lock) }
            swap(&jobs, &waiting)
            pthread_mutex_unlock(lock)
            for job in jobs { job.runSynchronously(isolatedTo: serial, taskExecutor: task) }
            jobs.removeAll(keepingCapacity: true)
        }
    }
}
