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

/// Whether the system would give so much memory at once.
package func canAllocate(byteCount: Int) -> Bool {
    let length = max(byteCount, 1)
    // A mapping, because the compiler removes a malloc that is only freed.
    guard let raw = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), raw != MAP_FAILED else {
        return false
    }
    munmap(raw, length)
    return true
}
