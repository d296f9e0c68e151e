/// Finds tokens by their bytes: open addressing, at most half full.
///
/// Tokens of up to ``PieceKey/longest`` bytes are found without touching the vocabulary's text.
struct TokenTable: Sendable {
    private struct Slot {
        /// For tokens too long for a key: the hash of the bytes and a length byte that no key has.
        var low: UInt64 = 0
        var high: UInt64 = 0
        var token: Int32 = -1
        /// Whether the merges turn the token's bytes into this one token.
        var isWhole = true
    }

    private var slots: [Slot]
    private let seed = HashMixing.seed

    init(capacity: Int) {
        var size = 16
        while size < 2 * capacity { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
    }

    /// The token with exactly these bytes.
    func token(_ bytes: UnsafeBufferPointer<UInt8>, in tokens: TokenBytes) -> Int32? {
        let slot = slots[slotIndex(of: bytes, in: tokens)]
        return slot.token >= 0 ? slot.token : nil
    }

    /// The token that the merges make of a whole piece, or -1.
    @inline(__always)
    func wholeToken(_ key: PieceKey) -> Int32 {
        var index = key.hash(seed: seed) & (slots.count - 1)
        while true {
            let slot = slots[index]
            if slot.low == key.low && slot.high == key.high { return slot.isWhole ? slot.token : -1 }
            if slot.token < 0 { return -1 }
            index = (index + 1) & (slots.count - 1)
        }
    }

    /// Adds a token whose bytes are in `tokens` already, and which no other token has.
    mutating func insert(_ token: Int32, in tokens: TokenBytes) {
        let (index, low, high) = tokens.withBytes(of: Int(token)) { bytes in
            let (low, high) = Self.fingerprint(bytes, seed: seed)
            return (slotIndex(of: bytes, in: tokens), low, high)
        }
        slots[index] = Slot(low: low, high: high, token: token)
    }

    /// Says that the merges do not turn the token's bytes into the token.
    mutating func markNotWhole(_ token: Int32, in tokens: TokenBytes) {
        let index = tokens.withBytes(of: Int(token)) { slotIndex(of: $0, in: tokens) }
        if slots[index].token == token { slots[index].isWhole = false }
    }

    /// The slot that holds the bytes, or the free one where they belong.
    private func slotIndex(of bytes: UnsafeBufferPointer<UInt8>, in tokens: TokenBytes) -> Int {
        let (low, high) = Self.fingerprint(bytes, seed: seed)
        var index = Int(truncatingIfNeeded: HashMixing.mix(low, high, seed: seed) >> 1) & (slots.count - 1)
        while slots[index].token >= 0 {
            if slots[index].low == low, slots[index].high == high {
                if bytes.count <= PieceKey.longest { break }
                if tokens.withBytes(of: Int(slots[index].token), { $0.elementsEqual(bytes) }) { break }
            }
            index = (index + 1) & (slots.count - 1)
        }
        return index
    }

    private static func fingerprint(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> (low: UInt64, high: UInt64) {
        guard bytes.count > PieceKey.longest else {
            let key = PieceKey(bytes, 0..<bytes.count)
            return (key.low, key.high)
        }
        let raw = UnsafeRawBufferPointer(bytes)
        var hash = UInt64(bytes.count)
        for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
            hash = HashMixing.mix(hash, raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self), seed: seed)
        }
        let tail = raw.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
        return (HashMixing.mix(hash, tail, seed: seed), .max)
    }
}
