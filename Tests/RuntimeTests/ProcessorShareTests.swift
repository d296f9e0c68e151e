import Foundation
import Runtime
import Testing

/// Limits as the kernel writes them (Documentation/admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst).
@Suite struct ProcessorShareTests {
    private let root: URL
    private let share: ProcessorShare

    init() {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("share-\(UUID().uuidString)")
        share = ProcessorShare(root: root.path)
    }

    private func write(_ files: [String: String]) throws {
        for (path, text) in files {
            let url = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    @Test func threadsOfOneCoreCountOnce() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let folder = "sys/devices/system/cpu/cpu"
        try write([
            "\(folder)0/topology/thread_siblings_list": "0,2\n", "\(folder)2/topology/thread_siblings_list": "0,2\n",
            "\(folder)1/topology/thread_siblings_list": "1,3\n", "\(folder)3/topology/thread_siblings_list": "1,3\n",
        ])
        #expect(share.cores(of: [0, 1, 2, 3]) == 2)
        #expect(share.cores(of: [0, 2]) == 1)
        #expect(share.cores(of: [0, 7, 8]) == 3)
    }

    @Test(arguments: [
        ("max 100000\n", nil), ("200000 100000\n", 2), ("150000 100000", 1), ("50000 100000", 1), ("", nil),
        ("x y", nil),
        ("100000 0", nil), ("1e300 1", 1024),
    ])
    func quotasOfVersionTwo(_ text: String, _ quota: Int?) throws {
        defer { try? FileManager.default.removeItem(at: root) }
        try write(["proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": text])
        #expect(share.quota == quota)
    }

    @Test func theTightestGroupCounts() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        try write([
            "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000",
            "sys/fs/cgroup/a/cpu.max": "300000 100000", "sys/fs/cgroup/cpu.max": "800000 100000",
        ])
        #expect(share.quota == 3)
    }

    @Test(arguments: [("-1", nil), ("250000", 2)]) func quotasOfVersionOne(_ text: String, _ quota: Int?) throws {
        defer { try? FileManager.default.removeItem(at: root) }
        try write([
            "proc/self/cgroup": "4:memory:/x\n3:cpu,cpuacct:/x\n", "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": text,
            "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000",
        ])
        #expect(share.quota == quota)
    }

    @Test func withoutTheFilesThereIsNoLimit() {
        #expect(share.quota == nil)
        #expect(Processor.count >= 1)
    }
}
