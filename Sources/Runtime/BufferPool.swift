/// A block of floats that is freed with its last reference.
///
/// Sendable because its owners follow the tensor rule: it is written only while one tensor alone refers to it.
package final class Buffer: @unchecked Sendable {
    package let floats: UnsafeMutablePointer<Float>
    package let capacity: Int

    /// 64-byte aligned and not initialised.
    package init(capacity: Int) {
        self.capacity = capacity
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(capacity, 16) * 4, alignment: 64)
        floats = raw.bindMemory(to: Float.self, capacity: max(capacity, 16))
    }

    deinit { UnsafeMutableRawPointer(floats).deallocate() }
}

/// Buffers that are handed out again once nobody else refers to them, so that a decoded token allocates nothing.
///
/// Used by one thread at a time.
package final class BufferPool {
    /// By size: entry i holds buffers of the i-th size class.
    private var buffers: [[Buffer]] = Array(repeating: [], count: 128)

    /// Bytes of all buffers, in use or not.
    package private(set) var byteCount = 0

    package init() {}

    /// A buffer for at least `count` floats, with whatever it held before.
    package func take(_ count: Int) -> Buffer {
        let (index, capacity) = Self.sizeClass(count)
        for i in buffers[index].indices where isKnownUniquelyReferenced(&buffers[index][i]) { return buffers[index][i] }
        let buffer = Buffer(capacity: capacity)
        buffers[index].append(buffer)
        byteCount += capacity * 4
        return buffer
    }

    /// Four classes to each power of two from 256 on: at most a fifth of a buffer is unused.
    private static func sizeClass(_ count: Int) -> (index: Int, capacity: Int) {
        if count <= 256 { return (0, 256) }
        let power = Int.bitWidth - 1 - (count - 1).leadingZeroBitCount  // 2^power <= count - 1 < 2^(power + 1)
        let quarter = (count - 1) >> (power - 2) & 3
        return ((power - 8) * 4 + quarter + 1, (5 + quarter) << (power - 2))
    }
}
