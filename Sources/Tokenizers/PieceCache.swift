/// Remembers where in the output a piece of text was encoded before, so that it can be copied.
///
/// A slot holds the last piece that fell on it. Belongs to one call, so calls share nothing.
struct PieceCache {
    private struct Slot {
        var key: PieceKey?
        var start = 0
        var count = 0
    }

    private static let size = 4096
    /// Below this much text, filling the cache takes longer than it saves.
    private static let threshold = 8192

    private var slots: [Slot]

    init(expectedBytes: Int) {
        slots = expectedBytes < Self.threshold ? [] : Array(repeating: Slot(), count: Self.size)
    }

    mutating func repeatTokens(of key: PieceKey, in output: inout [TokenID]) -> Bool {
        guard !slots.isEmpty else { return false }
        let slot = slots[key.hash(seed: HashMixing.seed) & (Self.size - 1)]
        guard slot.key == key else { return false }
        for index in slot.start..<slot.start + slot.count { output.append(output[index]) }
        return true
    }

    mutating func remember(_ key: PieceKey, tokens: Range<Int>) {
        guard !slots.isEmpty else { return }
        slots[key.hash(seed: HashMixing.seed) & (Self.size - 1)] =
            Slot(key: key, start: tokens.lowerBound, count: tokens.count)
    }
}
