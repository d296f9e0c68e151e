import Runtime
import Testing

struct MeanwhileTests {
    @Test func everybodyGetsWhatWasMade() {
        let numbers = (0..<40).map { number in Meanwhile { number * number } }
        for _ in 0..<2 { #expect(numbers.map { $0.get() } == (0..<40).map { $0 * $0 }) }
    }
}
