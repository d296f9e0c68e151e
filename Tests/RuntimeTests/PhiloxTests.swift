import Foundation
import Runtime
import Testing

@Suite struct PhiloxTests {
    /// The known answers that Random123, the authors' library, is tested with.
    @Test func knownAnswers() {
        let ones = SIMD4<UInt32>(repeating: .max)
        let pi = SIMD4<UInt32>(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344)
        #expect(
            Philox.block(counter: .zero, key: .zero)
                == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
        #expect(
            Philox.block(counter: ones, key: ones.lowHalf)
                == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
        #expect(
            Philox.block(counter: pi, key: SIMD2(0xA409_3822, 0x299F_31D0))
                == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
    }

    private struct Case: Decodable {
        let seed, stream, position: String
        let words: [UInt32]
    }

    @Test func seedStreamAndPositionAreKeyAndCounter() throws {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/philox", withExtension: "json"))
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
        #expect(cases.count == 6)
        for example in cases {
            let seed = try #require(UInt64(example.seed))
            let stream = try #require(UInt64(example.stream))
            let position = try #require(UInt64(example.position))
            let words = Philox(seed: seed, stream: stream).words(at: position)
            #expect((0..<4).map { words[$0] } == example.words, "seed \(seed)")
        }
    }

    @Test func generatorGoesThroughPositions() {
        var generator = PhiloxGenerator(seed: 7, stream: 3)
        for position in 0..<4 {
            let words = Philox(seed: 7, stream: 3).words(at: UInt64(position))
            #expect(generator.next() == UInt64(words.y) << 32 | UInt64(words.x))
        }
    }

    @Test func uniformNumbersAreUniform() {
        let philox = Philox(seed: 7)
        var counts = [Int](repeating: 0, count: 16)
        var sum = 0.0
        for position in 0..<UInt64(160_000) {
            let number = philox.uniform(at: position)
            sum += number
            counts[Int(number * 16)] += 1
        }
        // Chi-squared with 15 degrees of freedom passes 37.7 once in a thousand seeds.
        let chiSquared = counts.reduce(0) { $0 + (Double($1) - 10_000) * (Double($1) - 10_000) / 10_000 }
        #expect(chiSquared < 37.7)
        #expect(abs(sum / 160_000 - 0.5) < 0.003)
    }
}
