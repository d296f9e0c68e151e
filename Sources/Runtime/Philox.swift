/// Random numbers from a counter: each is a function of the seed, the stream and the position, and of nothing else, so
/// that results do not depend on threads or on order.
///
/// Source: Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
package struct Philox: Sendable {
    private let key: SIMD2<UInt32>
    private let stream: SIMD2<UInt32>

    /// - Parameter stream: sequences of the same seed and different streams are independent.
    package init(seed: UInt64, stream: UInt64 = 0) {
        key = Self.halves(of: seed)
        self.stream = Self.halves(of: stream)
    }

    /// Four words, uniform and independent.
    package func words(at position: UInt64) -> SIMD4<UInt32> {
        Self.block(counter: SIMD4(lowHalf: Self.halves(of: position), highHalf: stream), key: key)
    }

    /// A number uniform in `0 ..< 1`, a multiple of 2^-53.
    package func uniform(at position: UInt64) -> Double {
        let words = words(at: position)
        let bits = UInt64(words.y) << 32 | UInt64(words.x)
        return Double(bits >> 11) * 0x1p-53
    }

    /// Two numbers uniform in `0 ..< 1`, independent, multiples of 2^-53.
    package func uniforms(at position: UInt64) -> SIMD2<Double> {
        let words = words(at: position)
        let bits = SIMD2(UInt64(words.y) << 32 | UInt64(words.x), UInt64(words.w) << 32 | UInt64(words.z))
        return SIMD2<Double>(bits &>> 11) * 0x1p-53
    }

    /// The ten rounds. The constants are the paper's.
    package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var counter = counter
        var key = key
        for _ in 0..<10 {
            let even = halves(of: UInt64(counter.x) * 0xD251_1F53)
            let odd = halves(of: UInt64(counter.z) * 0xCD9E_8D57)
            counter = SIMD4(odd.y ^ counter.y ^ key.x, odd.x, even.y ^ counter.w ^ key.y, even.x)
            key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return counter
    }

    /// The low and the high half of a word, in this order.
    private static func halves(of word: UInt64) -> SIMD2<UInt32> {
        SIMD2(UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32))
    }
}
