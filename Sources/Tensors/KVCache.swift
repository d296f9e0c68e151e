internal import Kernels
internal import Runtime

/// The keys and values of one sequence for every layer, so that a token's forward pass need not repeat those before it.
///
/// They live in pages of 64 positions. A page holds, for each layer and head, the keys as 4 matmul panels
/// [head size, 16 positions] and the values as panels [64 positions, 16 of the head size]: attention's two products
/// run on the kernels that run everything else. Numbers are floats, or where the cache is made so signed bytes, with one scale
/// for a position's key and one for its value in each head: reading them takes most of attention's time when it writes
/// token by token (docs/decisions/0017-keys-and-values-as-bytes.md).
public final class KVCache {
    /// Positions in a page. Attention adds up its values page by page, so this number is part of the arithmetic.
    package static let pageLength = 64

    /// Blocks of the model.
    public let layers: Int
    /// Attention heads of a block.
    public let heads: Int
    /// Channels of a head.
    public let headSize: Int
    /// How many positions there is room for.
    public let capacity: Int
    /// Whether keys and values are rounded to bytes, 127 being the largest size of each vector.
    public let holdsBytes: Bool
    /// How many positions are filled.
    public private(set) var count = 0

    private let pages: [Page]

    /// A page's memory.
    private final class Page {
        let bytes: UnsafeMutableRawPointer
        private let memory: UnsafeMutableRawPointer

        /// Zeroed by the system when first touched: room that is never used costs no memory. From a cache line's start on.
        init(byteCount: Int) {
            memory = .zeroed(byteCount: byteCount + 64)
            bytes = memory.alignedUp(toMultipleOf: 64)
        }

        deinit { memory.freeZeroed() }
    }

    /// Room for `capacity` positions, reserved at once so that decoding never allocates; memory is used as it fills.
    public init(layers: Int, heads: Int, headSize: Int, capacity: Int, holdsBytes: Bool = false) {
        self.layers = layers
        self.heads = heads
        self.headSize = headSize
        self.capacity = capacity
        self.holdsBytes = holdsBytes
        let pageBytes = Self.pageBytes(layers: layers, heads: heads, headSize: headSize, holdsBytes: holdsBytes)
        pages = (0..<Self.pages(for: capacity)).map { _ in Page(byteCount: pageBytes) }
    }

    private static func pageBytes(layers: Int, heads: Int, headSize: Int, holdsBytes: Bool) -> Int {
        layers * heads * pageLength * bytes(headSize: headSize, holdsBytes: holdsBytes)
    }

    /// Bytes of a position's key and value in one head.
    private static func bytes(headSize: Int, holdsBytes: Bool) -> Int {
        (headSize + padded(headSize)) * (holdsBytes ? 1 : 4) + (holdsBytes ? 2 * 4 : 0)
    }

    /// Whether the system would give the memory of a cache now.
    package static func fits(
        layers: Int, heads: Int, headSize: Int, capacity: Int, holdsBytes: Bool
    ) -> (isThere: Bool, byteCount: Int) {
        let pageBytes = pageBytes(layers: layers, heads: heads, headSize: headSize, holdsBytes: holdsBytes)
        let (bytes, overflows) = pageBytes.multipliedReportingOverflow(by: pages(for: capacity))
        return overflows ? (false, .max) : (canAllocate(byteCount: bytes), bytes)
    }

    /// Marks `count` more positions as filled, once their keys and values have been written for every layer.
    package func advance(by count: Int) {
        self.count += count
        precondition(self.count <= capacity, "a cache of \(capacity) positions cannot hold \(self.count)")
    }

    /// Forgets the positions from `count` on; their room is filled again.
    package func truncate(to count: Int) {
        precondition(0...self.count ~= count, "a cache of \(self.count) positions cut to \(count)")
        self.count = count
    }

    /// How many pages hold `positions` positions.
    package static func pages(for positions: Int) -> Int { (positions + pageLength - 1) / pageLength }

    private static func padded(_ headSize: Int) -> Int { (headSize + 15) / 16 * 16 }

    /// Numbers from one panel of values to the next.
    package static let valuePanelStride = pageLength * 16
    /// Numbers from one panel of keys to the next.
    package var keyPanelStride: Int { headSize * 16 }

    private var numberSize: Int { holdsBytes ? 1 : 4 }
    /// Bytes of a page's keys of one head, their scales not counted.
    private var keyBytes: Int { Self.pageLength * headSize * numberSize }
    /// Bytes of a page's values of one head, their scales not counted.
    private var valueBytes: Int { Self.pageLength * Self.padded(headSize) * numberSize }
    /// Bytes of a page's scales of keys or values.
    private var scaleBytes: Int { holdsBytes ? Self.pageLength * 4 : 0 }

    /// The keys of a page: panels of 16 positions, each [head size, 16].
    package func keys(page: Int, layer: Int, head: Int) -> UnsafeMutableRawPointer {
        let bytes = Self.pageLength * Self.bytes(headSize: headSize, holdsBytes: holdsBytes)
        return pages[page].bytes + (layer * heads + head) * bytes
    }

    /// The values of a page: panels of 16 of the head's channels, each [64 positions, 16].
    package func values(page: Int, layer: Int, head: Int) -> UnsafeMutableRawPointer {
        keys(page: page, layer: layer, head: head) + keyBytes + scaleBytes
    }

    /// What the bytes of a page's keys or values count, one number for each of its 64 positions; they lie behind these bytes. Nil
    /// where numbers are floats.
    package func scales(
        _ part: Part, page: Int, layer: Int, head: Int
    ) -> UnsafeMutablePointer<Float>? {
        if !holdsBytes { return nil }
        let bytes =
            switch part {
            case .key: keys(page: page, layer: layer, head: head) + keyBytes
            case .value: values(page: page, layer: layer, head: head) + valueBytes
            }
        return bytes.assumingMemoryBound(to: Float.self)
    }

    /// Stores one position's key and value, [head size] each.
    package func write(
        position: Int, layer: Int, head: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>
    ) {
        let (page, slot) = (position / Self.pageLength, position % Self.pageLength)
        guard let keyScales = scales(.key, page: page, layer: layer, head: head),
            let valueScales = scales(.value, page: page, layer: layer, head: head)
        else { return scatter(key, value, position: position, layer: layer, head: head) }
        withUnsafeTemporaryAllocation(of: Int8.self, capacity: headSize * 2) { bytes in
            guard let start = bytes.baseAddress else { return }
            keyScales[slot] = kernels_bytes(headSize, key, start)
            valueScales[slot] = kernels_bytes(headSize, value, start + headSize)
            scatter(UnsafePointer(start), start + headSize, position: position, layer: layer, head: head)
        }
    }

    private func scatter<Number: KVNumber>(
        _ key: UnsafePointer<Number>, _ value: UnsafePointer<Number>, position: Int, layer: Int, head: Int
    ) {
        let place = place(Number.self, position: position, layer: layer, head: head)
        for d in 0..<headSize { place.key[d * 16] = key[d] }
        for d in 0..<headSize { place.value[d / 16 * Self.valuePanelStride + d % 16] = value[d] }
    }

    /// Where a position's first numbers lie: those of its key come 16 apart, those of its value 16 in a row in each panel.
    private func place<Number: KVNumber>(
        _: Number.Type, position: Int, layer: Int, head: Int
    ) -> (key: UnsafeMutablePointer<Number>, value: UnsafeMutablePointer<Number>) {
        let (page, slot) = (position / Self.pageLength, position % Self.pageLength)
        let keys = keys(page: page, layer: layer, head: head).assumingMemoryBound(to: Number.self)
        let values = values(page: page, layer: layer, head: head).assumingMemoryBound(to: Number.self)
        return (keys + slot / 16 * keyPanelStride + slot % 16, values + slot * 16)
    }

    /// Copies one position's key or value, [head size], out of the panels.
    package func read(
        _ part: Part, position: Int, layer: Int, head: Int, to destination: UnsafeMutablePointer<Float>
    ) {
        let (page, slot) = (position / Self.pageLength, position % Self.pageLength)
        guard let scale = scales(part, page: page, layer: layer, head: head)?[slot] else {
            return gather(part, position: position, layer: layer, head: head, to: destination)
        }
        withUnsafeTemporaryAllocation(of: Int8.self, capacity: headSize) { bytes in
            guard let start = bytes.baseAddress else { return }
            gather(part, position: position, layer: layer, head: head, to: start)
            for d in 0..<headSize { destination[d] = Float(start[d]) * scale }
        }
    }

    /// Half of what a cache holds of a position.
    package enum Part { case key, value }

    private func gather<Number: KVNumber>(
        _ part: Part, position: Int, layer: Int, head: Int, to destination: UnsafeMutablePointer<Number>
    ) {
        let place = place(Number.self, position: position, layer: layer, head: head)
        switch part {
        case .key: for d in 0..<headSize { destination[d] = place.key[d * 16] }
        case .value:
            for d in 0..<headSize { destination[d] = place.value[d / 16 * Self.valuePanelStride + d % 16] }
        }
    }
}

/// What keys and values are kept as.
private protocol KVNumber: BitwiseCopyable {}
extension Float: KVNumber {}
extension Int8: KVNumber {}
