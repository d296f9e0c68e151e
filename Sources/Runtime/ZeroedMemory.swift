#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension UnsafeMutableRawPointer {
    /// Memory of zeros that takes physical pages only where it is touched; `freeZeroed` gives it back.
    package static func zeroed(byteCount: Int) -> UnsafeMutableRawPointer {
        guard let raw = calloc(max(byteCount, 1), 1) else {
            preconditionFailure("out of memory: \(byteCount) bytes for keys and values")
        }
        return raw
    }

    package func freeZeroed() { free(self) }
}
