/// The bytes of a short piece of text in two words, so that comparing them is comparing two numbers.
struct PieceKey: Equatable {
    /// Longer pieces have no key.
    static let longest = 15

    /// The first eight bytes, the others in ``high``, whose top byte is the length. Absent bytes are zero.
    let low: UInt64
    let high: UInt64

    /// - Parameter range: 1 to ``longest`` bytes inside the text.
    @inline(__always)
    init(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        let count = range.count
        var low: UInt64 = 0
        var high: UInt64 = 0
        if range.lowerBound + 16 <= text.count {
            let raw = UnsafeRawBufferPointer(text)
            low = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self))
            high = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: range.lowerBound + 8, as: UInt64.self))
            // Smart shifts: by 64 gives 0.
            low &= ~(UInt64.max << UInt64(8 * count))
            high &= count > 8 ? ~(UInt64.max << UInt64(8 * count - 64)) : 0
        } else {
            for offset in 0..<count {
                let byte = UInt64(text[range.lowerBound + offset])
                if offset < 8 { low |= byte << UInt64(8 * offset) } else { high |= byte << UInt64(8 * offset - 64) }
            }
        }
        self.low = low
        self.high = high | UInt64(count) << 56
    }

    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    @inline(__always)
    func hash(seed: UInt64) -> Int {
        Int(truncatingIfNeeded: HashMixing.mix(low, high, seed: seed) >> 1)
    }
}
