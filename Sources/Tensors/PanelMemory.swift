internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Memory for the packed matrices of a model, one after another, so that huge pages hold also those that are smaller than
/// one: they spare the decoder thousands of address look-ups a token.
package final class PanelMemory: Sendable {
    /// Safe to share: nobody gets the same bytes twice.
    private nonisolated(unsafe) let start: UnsafeMutableRawPointer
    private let mapping: (start: UInt, count: Int)
    private let byteCount: Int
    private let taken = Mutex(0)

    /// Room for matrices of `byteCount` bytes together; nil where the system does not give it. Pages are taken when they are
    /// first touched.
    package init?(byteCount: Int) {
        let huge = 2 << 20
        self.byteCount = (byteCount + huge - 1) / huge * huge
        let length = self.byteCount + huge
        guard let raw = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), raw != MAP_FAILED
        else {
            return nil
        }
        mapping = (UInt(bitPattern: raw), length)
        start = raw.alignedUp(toMultipleOf: huge)
        #if os(Linux)
            madvise(start, self.byteCount, 14 /* MADV_HUGEPAGE */)
        #endif
    }

    /// The next bytes, which stay as long as this object; nil where no room is left.
    func take(byteCount: Int) -> UnsafeMutableRawPointer? {
        taken.withLock { taken in
            let rounded = (byteCount + 63) / 64 * 64
            guard rounded <= self.byteCount - taken else { return nil }
            defer { taken += rounded }
            return start + taken
        }
    }

    deinit { munmap(UnsafeMutableRawPointer(bitPattern: mapping.start), mapping.count) }
}
