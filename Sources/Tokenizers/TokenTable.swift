/// Finds tokens by their bytes: a key for every token, and open addressing.
///
/// Tokens of up to ``PieceKey/longest`` bytes are found without touching the vocabulary's text.
struct TokenTable: Sendable {
    /// What no piece has: stands for the bytes of a token that is not to be found.
    private static let hidden = PieceKey(low: 0, high: .max)

    /// For every token; those too long for a key have a hash and a length that no key has.
    private var keys: [PieceKey]
    /// A token, or -1.
    private var slots: [Int32]
    private let seed = HashMixing.seed

    /// - Parameter count: the number of tokens, none of which is found before ``insert(_:in:)``.
    init(count: Int) {
        keys = Array(repeating: Self.hidden, count: count)
        slots = Array(repeating: -1, count: HashMixing.tableSize(for: count))
    }

    /// The token with exactly these bytes.
    func token(_ bytes: UnsafeBufferPointer<UInt8>, in tokens: TokenBytes) -> Int32? {
        let key = Self.key(bytes, seed: seed)
        var slot = key.hash(seed: seed) & (slots.count - 1)
        while slots[slot] >= 0 {
            if isKnown(slots[slot], by: key, bytes, in: tokens) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Whether a token is to be found by these bytes.
    func holds(_ token: Int32, by bytes: UnsafeBufferPointer<UInt8>, in tokens: TokenBytes) -> Bool {
        token < keys.count && isKnown(token, by: Self.key(bytes, seed: seed), bytes, in: tokens)
    }

    /// The token that the merges make of a whole piece, or -1.
    @inline(__always)
    func wholeToken(_ key: PieceKey) -> Int32 {
        var slot = key.hash(seed: seed) & (slots.count - 1)
        while slots[slot] >= 0, keys[Int(slots[slot])] != key { slot = (slot + 1) & (slots.count - 1) }
        return slots[slot]
    }

    /// Adds a token whose bytes are in `tokens` already, and which no other token has.
    mutating func insert(_ token: Int32, in tokens: TokenBytes) {
        let key = tokens.withBytes(of: Int(token)) { Self.key($0, seed: seed) }
        var slot = key.hash(seed: seed) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        keys[Int(token)] = key
        slots[slot] = token
    }

    /// Takes a token away; the slots after its own are searched as before.
    mutating func hide(_ token: Int32) {
        keys[Int(token)] = Self.hidden
    }

    @inline(__always)
    private func isKnown(
        _ token: Int32, by key: PieceKey, _ bytes: UnsafeBufferPointer<UInt8>, in tokens: TokenBytes
    ) -> Bool {
        guard keys[Int(token)] == key else { return false }
        return bytes.count <= PieceKey.longest || tokens.withBytes(of: Int(token)) { $0.elementsEqual(bytes) }
    }

    private static func key(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> PieceKey {
        guard bytes.count > PieceKey.longest else { return PieceKey(bytes, 0..<bytes.count) }
        return PieceKey(low: PieceKey.hash(ofLong: bytes, seed: seed), high: .max)
    }
}
