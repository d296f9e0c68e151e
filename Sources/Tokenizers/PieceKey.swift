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
        let raw = UnsafeRawBufferPointer(text)
        func word(at offset: Int) -> UInt64 {
            UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        var low: UInt64 = 0
        var high: UInt64 = 0
        // Smart shifts: by 64 gives 0.
        if range.lowerBound + 16 <= text.count {
            low = word(at: range.lowerBound) & ~(UInt64.max << UInt64(8 * count))
            high = count > 8 ? word(at: range.lowerBound + 8) & ~(UInt64.max << UInt64(8 * count - 64)) : 0
        } else if count >= 8 {
            low = word(at: range.lowerBound)
            high = word(at: range.upperBound - 8) >> UInt64(8 * (16 - count))
        } else {
            for offset in 0..<count { low |= UInt64(text[range.lowerBound + offset]) << UInt64(8 * offset) }
        }
        self.low = low
        self.high = high | UInt64(count) << 56
    }

    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// A hash of a piece that is too long for a key.
    static func hash(ofLong piece: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        let raw = UnsafeRawBufferPointer(piece)
        var hash = UInt64(piece.count)
        for offset in stride(from: 0, to: piece.count - 7, by: 8) {
            hash = HashMixing.mix(hash, raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self), seed: seed)
        }
        let tail = raw.loadUnaligned(fromByteOffset: piece.count - 8, as: UInt64.self)
        return HashMixing.mix(hash, tail, seed: seed)
    }

    @inline(__always)
    func hash(seed: UInt64) -> Int {
        Int(truncatingIfNeeded: HashMixing.mix(low, high, seed: seed) >> 1)
    }
}
