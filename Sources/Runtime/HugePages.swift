#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension UnsafeMutableRawPointer {
    /// Memory for weights, to be given back by `deallocate()`; in huge pages where it is large enough for one, which spares
    /// the decoder thousands of address look-ups a token. Pages are taken when they are first touched.
    package static func allocateWeights(byteCount: Int) -> UnsafeMutableRawPointer {
        let huge = 2 << 20
        let memory = allocate(byteCount: max(byteCount, 64), alignment: byteCount >= huge ? huge : 64)
        #if os(Linux)
            if byteCount >= huge { madvise(memory, byteCount / huge * huge, 14 /* MADV_HUGEPAGE */) }
        #endif
        return memory
    }
}
