package import Kernels

/// What this process may compute with.
public enum Processor {
    /// How many threads it pays to compute with: the cores among the processors that this process may run on, and no more
    /// than its control groups allow it the time of. Affinity masks and the limits of containers are respected.
    public static var count: Int {
        let share = ProcessorShare()
        let cores = allowed.isEmpty ? Int(threads_available()) : share.cores(of: allowed)
        return min(cores, share.quota ?? cores)
    }

    /// The numbers of the processors that this process may run on; none where the system does not say.
    private static var allowed: [Int] {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 4096) { numbers in
            let count = threads_allowed(numbers.baseAddress, Int32(numbers.count))
            return numbers[..<Int(count)].map(Int.init)
        }
    }

    /// The instruction set whose kernels run: "avx512amx", "avx512vnni", "avx512", "avx2streams", "avx2", "neon-dotprod", "neon"
    /// or "scalar".
    /// `GPT2_ISA=scalar` in the environment forces the plain ones; all give the same bits.
    public static var instructionSet: String { String(cString: kernels.pointee.name) }

    /// The table of kernels that fits this processor.
    package static var kernels: UnsafePointer<kernels_table> { kernels_best() }
}
