internal import Runtime
internal import Synchronization

/// Memory for the packed matrices of a model, one after another, so that huge pages hold also those that are smaller than
/// one.
package final class PanelMemory: Sendable {
    /// Safe to share: nobody gets the same bytes twice.
    private nonisolated(unsafe) let start: UnsafeMutableRawPointer
    private let byteCount: Int
    private let taken = Mutex(0)

    /// Room for matrices of `byteCount` bytes together; nil where the system does not give it. Pages are taken when they are
    /// first touched.
    package init?(byteCount: Int) {
        let huge = 2 << 20
        self.byteCount = (byteCount + huge - 1) / huge * huge
        guard canAllocate(byteCount: self.byteCount) else { return nil }
        start = .allocateWeights(byteCount: self.byteCount)
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

    deinit { start.deallocate() }
}
