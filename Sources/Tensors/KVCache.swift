internal import Runtime

/// The keys and values of one sequence for every layer, so that a token's forward pass need not repeat those before it.
///
/// They live in pages of 64 positions. A page holds, for each layer and head, the keys as 4 matmul panels
/// [head size, 16 positions] and the values as panels [64 positions, 16 of the head size]: attention's two products
/// run on the kernels that run everything else. Numbers are floats, or halves where the cache is made so: reading them takes
/// most of attention's time when it writes token by token.
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
    /// Whether keys and values are rounded to half precision.
    public let holdsHalves: Bool
    /// How many positions are filled.
    public private(set) var count = 0

    private let pages: [Page]

    /// A page's memory.
    private final class Page {
        let bytes: UnsafeMutableRawPointer

        /// Zeroed by the system when first touched: room that is never used costs no memory.
        init(byteCount: Int) { bytes = .zeroed(byteCount: byteCount) }

        deinit { bytes.freeZeroed() }
    }

    /// Room for `capacity` positions, reserved at once so that decoding never allocates; memory is used as it fills.
    public init(layers: Int, heads: Int, headSize: Int, capacity: Int, holdsHalves: Bool = false) {
        self.layers = layers
        self.heads = heads
        self.headSize = headSize
        self.capacity = capacity
        self.holdsHalves = holdsHalves
        let pageBytes = Self.pageBytes(layers: layers, heads: heads, headSize: headSize, holdsHalves: holdsHalves)
        pages = (0..<Self.pages(for: capacity)).map { _ in Page(byteCount: pageBytes) }
    }

    private static func pageBytes(layers: Int, heads: Int, headSize: Int, holdsHalves: Bool) -> Int {
        layers * heads * pageLength * (headSize + padded(headSize)) * (holdsHalves ? 2 : 4)
    }

    /// Whether the system would give the memory of a cache now.
    package static func fits(
        layers: Int, heads: Int, headSize: Int, capacity: Int, holdsHalves: Bool
    ) -> (isThere: Bool, byteCount: Int) {
        let pageBytes = pageBytes(layers: layers, heads: heads, headSize: headSize, holdsHalves: holdsHalves)
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

    private var numberSize: Int { holdsHalves ? 2 : 4 }
    /// Bytes of a page's keys of one head.
    private var keyBytes: Int { Self.pageLength * headSize * numberSize }
    /// Bytes of a page's values of one head.
    private var valueBytes: Int { Self.pageLength * Self.padded(headSize) * numberSize }

    /// The keys of a page: panels of 16 positions, each [head size, 16].
    package func keys(page: Int, layer: Int, head: Int) -> UnsafeMutableRawPointer {
        pages[page].bytes + (layer * heads + head) * (keyBytes + valueBytes)
    }

    /// The values of a page: panels of 16 of the head's channels, each [64 positions, 16].
    package func values(page: Int, layer: Int, head: Int) -> UnsafeMutableRawPointer {
        keys(page: page, layer: layer, head: head) + keyBytes
    }

    /// Stores one position's key and value, [head size] each.
    package func write(
        position: Int, layer: Int, head: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>
    ) {
        guard holdsHalves else { return scatter(key, value, position: position, layer: layer, head: head) }
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: headSize * 2) { halves in
            guard let start = halves.baseAddress else { return }
            Processor.kernels.pointee.narrow_f16(headSize, key, start)
            Processor.kernels.pointee.narrow_f16(headSize, value, start + headSize)
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
        guard holdsHalves else {
            return gather(part, position: position, layer: layer, head: head, to: destination)
        }
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: headSize) { halves in
            guard let start = halves.baseAddress else { return }
            gather(part, position: position, layer: layer, head: head, to: start)
            Processor.kernels.pointee.widen_f16(headSize, start, destination)
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

/// What keys and values are kept as: floats, or halves by their bits.
private protocol KVNumber: BitwiseCopyable {}
extension Float: KVNumber {}
extension UInt16: KVNumber {}
