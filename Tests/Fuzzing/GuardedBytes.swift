#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Memory that ends where the process may not read: one byte too far is a crash, in release builds too.
public final class GuardedBytes {
    private let region: UnsafeMutableRawPointer
    private let capacity: Int
    private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// - Parameter capacity: the most bytes that it will hold.
    public init?(capacity: Int) {
        self.capacity = (capacity + page - 1) / page * page
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let region = mmap(nil, self.capacity + page, PROT_READ | PROT_WRITE, flags, -1, 0), region != MAP_FAILED,
            mprotect(region + self.capacity, page, PROT_NONE) == 0
        else { return nil }
        self.region = region
    }

    deinit { munmap(region, capacity + page) }

    /// Puts a copy of the bytes right before the guard and lends it out.
    public func with<Result, Failure: Error>(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(bytes.count <= capacity)
        let start = region + (capacity - bytes.count)
        start.copyMemory(from: bytes, byteCount: bytes.count)
        return try body(UnsafeRawBufferPointer(start: start, count: bytes.count))
    }
}
