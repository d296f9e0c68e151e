import Runtime
import Tensors
import TestSupport
import Testing

/// Caches of keys and values in half precision.
struct HalfCacheTests {
    private static let (heads, size, count) = (3, 20, 150)
    private static var channels: Int { heads * size }

    /// What attention finds, fed in chunks.
    private func attend(_ projections: Tensor, halves: Bool, chunk: Int, threads: Int) -> [Float] {
        let cache = KVCache(
            layers: 2, heads: Self.heads, headSize: Self.size, capacity: Self.count, holdsHalves: halves)
        let context = ForwardContext(team: Team(threads: threads, sharingFrom: 0))
        let values = projections.values
        var found: [Float] = []
        for first in stride(from: 0, to: Self.count, by: chunk) {
            let count = min(chunk, Self.count - first)
            let width = 3 * Self.channels
            let rows = Tensor(Array(values[first * width..<(first + count) * width]), shape: Shape(count, width))
            let spans = [SequenceSpan(cache: cache, firstRow: 0, count: count, firstPosition: first)]
            context.storeKeysAndValues(rows, spans: spans, layer: 1)
            found += context.attention(rows, spans: spans, layer: 1, scale: 0.2).values
            cache.advance(by: count)
        }
        return found
    }

    /// Keys and values, but not queries, as the halves that are nearest to them.
    private func rounded(_ projections: Tensor) -> Tensor {
        let width = 3 * Self.channels
        let values = projections.values.enumerated().map { index, value in
            index % width < Self.channels ? value : Float(Float16(value))
        }
        return Tensor(values, shape: projections.shape)
    }

    @Test func attentionIsThatOfTheRoundedNumbers() {
        let projections = Tensor.normal(Shape(Self.count, 3 * Self.channels), seed: 5)
        let expected = attend(rounded(projections), halves: false, chunk: Self.count, threads: 1)
        #expect(attend(projections, halves: false, chunk: Self.count, threads: 1) != expected)
        for chunk in [1, 7, 64, Self.count] {
            for threads in [1, 3] {
                #expect(attend(projections, halves: true, chunk: chunk, threads: threads) == expected)
            }
        }
    }

    @Test func whatIsCopiedOutAndInAgainIsTheSame() {
        let projections = rounded(Tensor.normal(Shape(70, 3 * Self.channels), seed: 6))
        func filled() -> KVCache {
            let cache = KVCache(layers: 1, heads: Self.heads, headSize: Self.size, capacity: 70, holdsHalves: true)
            let spans = [SequenceSpan(cache: cache, firstRow: 0, count: 70, firstPosition: 0)]
            ForwardContext().storeKeysAndValues(projections, spans: spans, layer: 0)
            cache.advance(by: 70)
            return cache
        }
        func contents(_ cache: KVCache) -> (keys: [Float], values: [Float]) {
            var (keys, values) = ([Float](repeating: 0, count: 70 * Self.channels), [Float]())
            values = keys
            keys.withUnsafeMutableBufferPointer { if let start = $0.baseAddress { cache.copyKeys(0..<70, to: start) } }
            values.withUnsafeMutableBufferPointer {
                if let start = $0.baseAddress { cache.copyValues(0..<70, to: start) }
            }
            return (keys, values)
        }
        let (keys, values) = contents(filled())
        let (all, width) = (projections.values, 3 * Self.channels)
        for position in 0..<70 {
            let row = position * width + Self.channels
            let place = position * Self.channels..<(position + 1) * Self.channels
            #expect(Array(keys[place]) == Array(all[row..<row + Self.channels]))
            #expect(Array(values[place]) == Array(all[row + Self.channels..<row + 2 * Self.channels]))
        }
        let copy = KVCache(layers: 1, heads: Self.heads, headSize: Self.size, capacity: 70, holdsHalves: true)
        keys.withUnsafeBytes { keys in
            values.withUnsafeBytes { values in
                guard let key = keys.baseAddress, let value = values.baseAddress else { return }
                copy.append(70, keys: key, values: value)
            }
        }
        let again = contents(copy)
        #expect(again.keys == keys && again.values == values)
    }

    /// No cache that the system has no memory for is begun, however large its numbers are.
    @Test func memoryIsAskedForFirst() {
        func fits(_ capacity: Int) -> (isThere: Bool, byteCount: Int) {
            KVCache.fits(layers: 96, heads: 96, headSize: 128, capacity: capacity, holdsHalves: false)
        }
        let page = 96 * 96 * 64 * 2 * 128 * 4
        #expect(fits(0).isThere && fits(0).byteCount == 0)
        #expect(fits(1) == (true, page))
        #expect(fits(1 << 33) == (false, page << 27))
        #expect(fits(1 << 50).isThere == false)
    }
}
