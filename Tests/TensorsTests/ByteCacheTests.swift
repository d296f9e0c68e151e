import Runtime
import Tensors
import TestSupport
import Testing

/// Caches of keys and values as bytes.
struct ByteCacheTests {
    private static let (heads, size, count) = (3, 20, 150)
    private static var channels: Int { heads * size }

    private func attend(
        _ projections: Tensor, bytes: Bool, chunk: Int, context: ForwardContext
    ) -> [Float] {
        let cache = KVCache(
            layers: 2, heads: Self.heads, headSize: Self.size, capacity: Self.count, holdsBytes: bytes)
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

    private func context(threads: Int = 1) -> ForwardContext {
        ForwardContext(team: Team(threads: threads, sharingFrom: 0))
    }

    /// Keys and values, but not queries, as the numbers that are a 127th of each vector's largest apart, in each head.
    private func rounded(_ projections: Tensor) -> Tensor {
        var values = projections.values
        for start in stride(from: 0, to: values.count, by: Self.size)
        where start % (3 * Self.channels) >= Self.channels {
            let vector = values[start..<start + Self.size]
            guard let largest = vector.map(abs).max() else { continue }
            // 16 bits of the scale, so that a byte's product with it is a float.
            let scale = Float(bitPattern: ((largest / 127).bitPattern + 128) & ~255)
            for i in vector.indices { values[i] = (values[i] / scale).rounded(.toNearestOrEven) * scale }
        }
        return Tensor(values, shape: projections.shape)
    }

    /// Scales are multiplied in elsewhere than with floats, so sums are rounded otherwise, and nothing else differs.
    @Test func attentionIsThatOfTheRoundedNumbers() {
        let projections = Tensor.normal(Shape(Self.count, 3 * Self.channels), seed: 5)
        let exact = attend(projections, bytes: false, chunk: Self.count, context: context())
        let expected = attend(rounded(projections), bytes: false, chunk: Self.count, context: context())
        let found = attend(projections, bytes: true, chunk: Self.count, context: context())
        func largestDifference(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).map { abs($0 - $1) }.max() ?? .nan }
        #expect(largestDifference(found, expected) < 1e-6)
        // As far as a byte's rounding takes them.
        #expect(largestDifference(found, exact) > 1e-4 && largestDifference(found, exact) < 0.03)
    }

    @Test func chunksThreadsAndInstructionSetsGiveTheSameBits() {
        let projections = Tensor.normal(Shape(Self.count, 3 * Self.channels), seed: 7)
        let expected = attend(projections, bytes: true, chunk: Self.count, context: context())
        for chunk in [1, 7, 64, Self.count] {
            for threads in [1, 3] {
                #expect(
                    attend(projections, bytes: true, chunk: chunk, context: context(threads: threads)) == expected)
            }
            for name in ["scalar", "avx2", "avx2streams", "avx512", "avx512vnni", "avx512amx", "neon", "neon-dotprod"] {
                let team = Team(threads: 2, sharingFrom: 0)
                guard let context = ForwardContext(team: team, instructionSet: name) else { continue }
                #expect(attend(projections, bytes: true, chunk: chunk, context: context) == expected, "\(name)")
            }
        }
    }

    /// A tap sees the weights as they are, before the values' scales go to them, and may keep them.
    @Test func whoLooksAtThePatternsChangesNothing() {
        let projections = Tensor.normal(Shape(Self.count, 3 * Self.channels), seed: 8)
        let expected = attend(projections, bytes: true, chunk: Self.count, context: context())
        var context = context()
        var kept: [(tensor: Tensor, values: [Float])] = []
        let taps = Taps()
        taps.read(TapPoint(.attentionPattern, layer: 1)) { kept.append(($0, $0.values)) }
        context.taps = taps
        #expect(attend(projections, bytes: true, chunk: Self.count, context: context) == expected)
        #expect(kept.count == 1)
        for (tensor, values) in kept {
            #expect(tensor.values == values)
            let sums = stride(from: 0, to: values.count, by: Self.count).map {
                values[$0..<$0 + Self.count].reduce(0, +)
            }
            #expect(sums.allSatisfy { abs($0 - 1) < 1e-5 })
        }
    }

    @Test func whatIsCopiedOutAndInAgainIsTheSame() {
        let projections = Tensor.normal(Shape(70, 3 * Self.channels), seed: 6)
        let cache = KVCache(layers: 1, heads: Self.heads, headSize: Self.size, capacity: 70, holdsBytes: true)
        let spans = [SequenceSpan(cache: cache, firstRow: 0, count: 70, firstPosition: 0)]
        ForwardContext().storeKeysAndValues(projections, spans: spans, layer: 0)
        cache.advance(by: 70)
        func contents(_ cache: KVCache) -> (keys: [Float], values: [Float]) {
            var (keys, values) = ([Float](repeating: 0, count: 70 * Self.channels), [Float]())
            values = keys
            keys.withUnsafeMutableBufferPointer { if let start = $0.baseAddress { cache.copyKeys(0..<70, to: start) } }
            values.withUnsafeMutableBufferPointer {
                if let start = $0.baseAddress { cache.copyValues(0..<70, to: start) }
            }
            return (keys, values)
        }
        let (keys, values) = contents(cache)
        let (all, width) = (rounded(projections).values, 3 * Self.channels)
        for position in 0..<70 {
            let row = position * width + Self.channels
            let place = position * Self.channels..<(position + 1) * Self.channels
            #expect(Array(keys[place]) == Array(all[row..<row + Self.channels]))
            #expect(Array(values[place]) == Array(all[row + Self.channels..<row + 2 * Self.channels]))
        }
        let copy = KVCache(layers: 1, heads: Self.heads, headSize: Self.size, capacity: 70, holdsBytes: true)
        keys.withUnsafeBytes { keys in
            values.withUnsafeBytes { values in
                guard let key = keys.baseAddress, let value = values.baseAddress else { return }
                copy.append(70, keys: key, values: value)
            }
        }
        let again = contents(copy)
        #expect(again.keys == keys && again.values == values)
    }

    /// A position with a number that is none spoils what looks at it, and nothing before it.
    @Test func whatIsNoNumberStaysSo() {
        let projections = Tensor.normal(Shape(Self.count, 3 * Self.channels), seed: 9)
        let expected = attend(projections, bytes: true, chunk: Self.count, context: context())
        var values = projections.values
        let bad = 90
        values[bad * 3 * Self.channels + Self.channels + 3] = .infinity
        let found = attend(
            Tensor(values, shape: projections.shape), bytes: true, chunk: Self.count, context: context())
        for position in 0..<Self.count {
            let row = position * Self.channels..<position * Self.channels + Self.size
            #expect(position < bad ? found[row] == expected[row] : found[row].allSatisfy(\.isNaN), "\(position)")
        }
    }

    /// No cache that the system has no memory for is begun, however large its numbers are.
    @Test func memoryIsAskedForFirst() {
        func fits(_ capacity: Int) -> (isThere: Bool, byteCount: Int) {
            KVCache.fits(layers: 96, heads: 96, headSize: 128, capacity: capacity, holdsBytes: false)
        }
        let page = 96 * 96 * 64 * 2 * 128 * 4
        #expect(fits(0).isThere && fits(0).byteCount == 0)
        #expect(fits(1) == (true, page))
        #expect(fits(1 << 33) == (false, page << 27))
        #expect(fits(1 << 50).isThere == false)
    }
}
