/// Random numbers for `shuffled(using:)`, `random(in:using:)` and the like, which follow from a seed.
///
///     var random = PhiloxGenerator(seed: 1)
///     let die = Int.random(in: 1...6, using: &random)
public struct PhiloxGenerator: RandomNumberGenerator, Sendable {
    private let numbers: Philox
    private var position: UInt64 = 0

    /// - Parameter stream: sequences of the same seed and different streams are independent, so that each step of a
    ///   training run can have its own.
    public init(seed: UInt64, stream: UInt64 = 0) { numbers = Philox(seed: seed, stream: stream) }

    public mutating func next() -> UInt64 {
        let words = numbers.words(at: position)
        position += 1
        return UInt64(words.y) << 32 | UInt64(words.x)
    }
}
