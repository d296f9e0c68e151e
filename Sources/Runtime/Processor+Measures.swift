internal import Kernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension Processor {
    /// Floating-point operations a second that the team's threads reach in multiply-adds on registers: what a matmul can come
    /// to at best. Takes some 20 ms.
    public static func measuredFLOPs(team: Team) -> Double {
        let task = PeakTask(kernels: kernels)
        let clock = ContinuousClock()
        team.run(task)  // wakes the threads
        var best = 0.0
        for _ in 0..<5 {
            let start = clock.now
            team.run(task)
            let seconds = (clock.now - start) / .seconds(1)
            best = max(best, Double(team.threads) * PeakTask.operations / seconds)
        }
        return best
    }

    /// The most memory that this process has had at a time, in bytes; nil where the system does not say.
    public static var peakResidentBytes: Int? {
        var usage = rusage()
        #if canImport(Darwin)
            let status = getrusage(RUSAGE_SELF, &usage)
        #else
            let status = getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #endif
        guard status == 0 else { return nil }
        #if canImport(Darwin)
            return usage.ru_maxrss
        #else
            return usage.ru_maxrss * 1024
        #endif
    }

    /// The memory that this process has now, in bytes; nil where the system does not say.
    public static var residentBytes: Int? {
        // The second number is the resident pages (proc(5)).
        let pages = systemText("/proc/self/statm")?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
    }

    /// The memory that programs can have without others being pushed out, in bytes; nil where the system does not say.
    package static var availableBytes: Int? {
        let lines = systemText("/proc/meminfo")?.split(separator: "\n") ?? []
        let fields = lines.first { $0.hasPrefix("MemAvailable:") }?.split(separator: " ")
        return fields?.dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
}

/// Each thread makes multiply-adds that wait for nothing.
private struct PeakTask: TeamTask {
    let kernels: UnsafePointer<kernels_table>
    private static let rounds = 1_000_000
    static let operations = Double(2 * Int(KERNELS_CHAINS) * rounds)

    func run(part: Int, of parts: Int) {
        let chains = Buffer(capacity: Int(KERNELS_CHAINS))
        chains.floats.update(repeating: 0.5, count: Int(KERNELS_CHAINS))
        kernels.pointee.multiply_adds(Self.rounds, chains.floats)
    }
}
