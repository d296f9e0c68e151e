package import Kernels

/// What this process may compute with.
public enum Processor {
    /// How many threads it pays to compute with: the cores among the processors that this process may run on, and no more
    /// than its control groups allow it the time of. Affinity masks and the limits of containers are respected.
    public static var count: Int {
        let available = Int(threads_available())
        let share = ProcessorShare()
        let allowed = (0..<1024).filter { threads_allowed(Int32($0)) != 0 }
        let cores = allowed.isEmpty ? available : share.cores(of: allowed)
        return min(cores, share.quota ?? cores)
    }

    /// The instruction set whose kernels run: "avx512vnni", "avx512", "avx2", "neon-dotprod", "neon" or "scalar".
    /// `GPT2_ISA=scalar` in the environment forces the plain ones; all give the same bits.
    public static var instructionSet: String { String(cString: kernels.name) }

    /// The table of kernels that fits this processor.
    package static var kernels: kernels_table { kernels_best().pointee }
}
