/// How much of a Linux machine a process may use, by what the kernel says in files.
package struct ProcessorShare {
    /// What paths begin with: nothing, but for tests.
    private let root: String

    package init(root: String = "") { self.root = root }

    /// How many cores some processors are: two threads of one core share what computes.
    package func cores(of processors: [Int]) -> Int {
        let siblings = processors.map { number in
            text("/sys/devices/system/cpu/cpu\(number)/topology/thread_siblings_list") ?? "\(number)"
        }
        return Set(siblings).count
    }

    /// The processors whose time the process's control groups allow it, at least 1; nil without a limit. A part of a
    /// processor does not count: a thread that is stopped now and then holds up all.
    package var quota: Int? {
        guard let groups = text("/proc/self/cgroup") else { return nil }
        var limits: [Double] = []
        for line in groups.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if parts[0] == "0" {
                limits += Self.ancestors(of: String(parts[2])).compactMap { limit("/sys/fs/cgroup\($0)/cpu.max") }
            } else if parts[1].split(separator: ",").contains("cpu") {
                limits += Self.ancestors(of: String(parts[2])).compactMap { oldLimit("/sys/fs/cgroup/cpu\($0)") }
            }
        }
        return limits.min().map { max(1, Int(min($0, 1024))) }
    }

    /// A group's path and those of the groups that it is in, "" being the outermost.
    private static func ancestors(of path: String) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).map { names.prefix($0).map { "/" + $0 }.joined() }
    }

    /// Version 2: "200000 100000" is two processors, "max 100000" no limit.
    private func limit(_ path: String) -> Double? {
        let numbers = text(path)?.split(whereSeparator: \.isWhitespace).map { Double($0) } ?? []
        guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], period > 0 else { return nil }
        return quota / period
    }

    /// Version 1: a quota of -1 is no limit.
    private func oldLimit(_ folder: String) -> Double? {
        func number(_ name: String) -> Double? {
            text("\(folder)/\(name)")?.split(whereSeparator: \.isWhitespace).first.flatMap { Double($0) }
        }
        guard let quota = number("cpu.cfs_quota_us"), let period = number("cpu.cfs_period_us"), quota > 0, period > 0
        else { return nil }
        return quota / period
    }

    private func text(_ path: String) -> String? { systemText(root + path) }
}
