package import Kernels

/// What this process may compute with.
public enum Processor {
    /// The processors that this process may run on; affinity masks are respected.
    public static var count: Int { Int(threads_available()) }

    /// The instruction set whose kernels run: "avx512", "avx2", "neon" or "scalar". `GPT2_ISA=scalar` in the
    /// environment forces the plain ones; all give the same bits.
    public static var instructionSet: String { String(cString: kernels.name) }

    /// The table of kernels that fits this processor.
    package static var kernels: kernels_table { kernels_best().pointee }
}
