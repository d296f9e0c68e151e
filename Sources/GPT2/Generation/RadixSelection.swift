/// Finds how far down a list of weighted numbers, from the largest, a given weight lies, without sorting them.
///
/// The numbers' bits are looked at in digits, the highest first: each time the weight of every digit's numbers is added up,
/// and only the digit in which the target falls is looked into. Three passes, or four over few numbers, whatever they are.
struct RadixSelection: ~Copyable {
    private static let largestDigitBits = 11
    /// The weight of the numbers with each digit.
    private let weights = UnsafeMutableBufferPointer<Double>.allocate(capacity: 1 << largestDigitBits)

    deinit { weights.deallocate() }

    /// Finds the largest key such that it and those above it weigh `target`; the smallest key if all weigh less.
    ///
    /// - Parameters:
    ///   - keys: numbers, not NaN.
    ///   - weight: the weight of the key at an index, not negative. With weight 1 for all, a target of k asks for the k-th
    ///     largest key.
    /// - Returns: the key, and the weight of the keys above it.
    func threshold(
        of keys: Slice<UnsafeMutableBufferPointer<Float>>, reaching target: Double, weight: (Int) -> Double
    ) -> (key: Float, above: Double) {
        var above = 0.0
        var prefix: UInt32 = 0
        var shift = 32
        // Over few numbers, clearing the sums would take longer than the numbers.
        let digitBits = keys.count < 4096 ? 8 : Self.largestDigitBits
        while shift > 0 {
            let bits = min(shift, digitBits)
            shift -= bits
            let digits = 1 << bits
            weights.extracting(..<digits).update(repeating: 0)
            for i in keys.indices {
                let key = Self.ordered(keys[i])
                guard key >> UInt32(shift + bits) == prefix else { continue }
                weights[Int(key >> UInt32(shift)) & (digits - 1)] += weight(i)
            }
            var digit = digits - 1
            while above + weights[digit] < target, let next = (0..<digit).last(where: { weights[$0] > 0 }) {
                above += weights[digit]
                digit = next
            }
            prefix = prefix << UInt32(bits) | UInt32(digit)
        }
        return (Self.number(prefix), above)
    }

    /// Bits that compare as unsigned integers as the numbers compare; both zeros have the same.
    private static func ordered(_ number: Float) -> UInt32 {
        let bits = (number + 0).bitPattern
        return bits >> 31 == 0 ? bits | 1 << 31 : ~bits
    }

    private static func number(_ ordered: UInt32) -> Float {
        Float(bitPattern: ordered >> 31 == 0 ? ~ordered : ordered & ~(1 << 31))
    }
}
