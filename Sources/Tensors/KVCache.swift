internal import Runtime

/// The keys and values of one sequence for every layer, so that a token's forward pass need not repeat those before it.
///
/// They live in pages of 64 positions. A page holds, for each layer and head, the keys as 4 matmul panels
/// [head size, 16 positions] and the values as panels [64 positions, 16 of the head size]: attention's two products
/// run on the kernels that run everything else.
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
    /// How many positions are filled.
    public private(set) var count = 0

    private let pages: [Page]

    /// A page's memory.
    private final class Page {
        let floats: UnsafeMutablePointer<Float>

        init(floats count: Int) {
            // Zeroed by the system when first touched: room that is never used costs no memory.
            let raw = UnsafeMutableRawPointer.zeroed(byteCount: count * 4)
            floats = raw.bindMemory(to: Float.self, capacity: count)
        }

        deinit { UnsafeMutableRawPointer(floats).freeZeroed() }
    }

    /// Room for `capacity` positions, reserved at once so that decoding never allocates; memory is used as it fills.
    public init(layers: Int, heads: Int, headSize: Int, capacity: Int) {
        self.layers = layers
        self.heads = heads
        self.headSize = headSize
        self.capacity = capacity
        let layerFloats = Self.pageLength * heads * (headSize + Self.padded(headSize))
        pages = (0..<Self.pages(for: capacity)).map { _ in Page(floats: layers * layerFloats) }
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

    /// Floats from one panel of values to the next.
    package static let valuePanelStride = pageLength * 16
    /// Floats from one panel of keys to the next.
    package var keyPanelStride: Int { headSize * 16 }

    /// The keys of a page: panels of 16 positions, each [head size, 16].
    package func keys(page: Int, layer: Int, head: Int) -> UnsafeMutablePointer<Float> {
        let perHead = Self.pageLength * (headSize + Self.padded(headSize))
        return pages[page].floats + (layer * heads + head) * perHead
    }

    /// The values of a page: panels of 16 of the head's channels, each [64 positions, 16].
    package func values(page: Int, layer: Int, head: Int) -> UnsafeMutablePointer<Float> {
        keys(page: page, layer: layer, head: head) + Self.pageLength * headSize
    }

    /// Stores one position's key and value, [head size] each.
    package func write(
        position: Int, layer: Int, head: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>
    ) {
        let (page, slot) = (position / Self.pageLength, position % Self.pageLength)
        let keyLane = keys(page: page, layer: layer, head: head) + slot / 16 * keyPanelStride + slot % 16
        for d in 0..<headSize { keyLane[d * 16] = key[d] }
        let valueLine = values(page: page, layer: layer, head: head) + slot * 16
        for d in 0..<headSize { valueLine[d / 16 * Self.valuePanelStride + d % 16] = value[d] }
    }
}
