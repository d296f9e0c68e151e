import Kernels
import Runtime
import Testing

/// Dropout draws the words of the project's one generator, so that a mask can be said in Swift as well.
@Suite struct DropoutTests {
    private static let names = [
        "scalar", "avx2", "avx2streams", "avx512", "avx512vnni", "avx512amx", "neon", "neon-dotprod",
    ]
    private static let tables = names.filter { (name: String) in
        kernels_named(name) != nil
    }

    @Test("Position p is word p % 4 of Philox's block p / 4", arguments: tables)
    func wordsArePhilox(name: String) throws {
        let kernels = try #require(kernels_named(name)).pointee
        let x = (0..<301).map { Float($0) + 1 }
        let (threshold, scale) = (UInt32(0x4000_0000), Float(1.5))
        for (seed, stream, position) in [
            (UInt64(0), UInt64(0), UInt64(0)), (7, 1 << 40 | 3, 1), (.max, .max, 0x3_FFFF_FFF2), (1, 2, 1 << 60 | 3),
        ] {
            let philox = Philox(seed: seed, stream: stream)
            let expected = x.indices.map { i in
                let at = position + UInt64(i)
                return philox.words(at: at / 4)[Int(at % 4)] >= threshold ? x[i] * scale : 0
            }
            var y = [Float](repeating: -1, count: x.count)
            kernels.dropout(x.count, seed, stream, position, threshold, scale, x, &y)
            #expect(y == expected, "seed \(seed), stream \(stream), position \(position)")
        }
    }

    @Test func aQuarterIsDropped() throws {
        let kernels = try #require(kernels_best()).pointee
        let count = 160_000
        var y = [Float](repeating: 1, count: count)
        kernels.dropout(count, 3, 5, 0, 0x4000_0000, 1, [Float](repeating: 1, count: count), &y)
        // Four standard deviations of the number kept: 4 sqrt(n / 4 * 3 / 4).
        #expect(abs(Double(y.reduce(0, +)) - 120_000) < 700)
    }
}
