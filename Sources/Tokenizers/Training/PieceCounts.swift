/// How often each distinct piece of a text occurs: a table with open addressing.
///
/// The bytes of a short piece are its key, so that counting one that is known touches one place in memory.
struct PieceCounts {
    private struct Slot {
        /// Of a long piece: its hash, and its length below a top byte that no short piece has.
        var key: PieceKey
        /// 0 in a free slot.
        var count: Int
        /// Where the bytes of a long piece start in ``longPieces``.
        var start: Int
    }

    private static let longMark: UInt64 = 0xFF << 56
    private static let free = Slot(key: PieceKey(low: 0, high: 0), count: 0, start: 0)

    private var slots = [Slot](repeating: free, count: 1 << 12)
    private var longPieces: [UInt8] = []
    /// The number of distinct pieces.
    private(set) var distinct = 0
    private let seed = HashMixing.seed

    /// Counts the pieces that GPT-2's pattern cuts a text into.
    mutating func count(_ text: UnsafeBufferPointer<UInt8>) {
        let pretokenizer = Pretokenizer(text)
        var start = 0
        while start < text.count {
            let end = pretokenizer.end(ofPieceAt: start)
            add(text, start..<end, count: 1)
            start = end
        }
    }

    /// Adds what others have counted.
    mutating func add(_ other: borrowing PieceCounts) {
        other.forEach { add($0, 0..<$0.count, count: $1) }
    }

    /// Calls `body` with each distinct piece and how often it occurs, in no particular order.
    func forEach(_ body: (UnsafeBufferPointer<UInt8>, Int) -> Void) {
        for slot in slots where slot.count > 0 {
            if slot.key.high >= Self.longMark {
                let end = slot.start + Int(slot.key.high & ~Self.longMark)
                longPieces.withUnsafeBufferPointer {
                    body(UnsafeBufferPointer(rebasing: $0[slot.start..<end]), slot.count)
                }
            } else {
                withUnsafeBytes(of: (slot.key.low.littleEndian, slot.key.high.littleEndian)) { bytes in
                    bytes.withMemoryRebound(to: UInt8.self) {
                        body(UnsafeBufferPointer(rebasing: $0[..<Int(slot.key.high >> 56)]), slot.count)
                    }
                }
            }
        }
    }

    @inline(__always)
    private mutating func add(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, count: Int) {
        if range.count <= PieceKey.longest {
            let key = PieceKey(text, range)
            var index = firstSlot(key)
            while slots[index].count > 0, slots[index].key != key { index = (index + 1) & (slots.count - 1) }
            add(count, to: index, key, start: 0)
        } else {
            addLong(UnsafeBufferPointer(rebasing: text[range]), count: count)
        }
    }

    private mutating func addLong(_ piece: UnsafeBufferPointer<UInt8>, count: Int) {
        let key = PieceKey(
            low: PieceKey.hash(ofLong: piece, seed: seed), high: Self.longMark | UInt64(piece.count))
        var index = firstSlot(key)
        while slots[index].count > 0, slots[index].key != key || !isEqual(piece, at: slots[index].start) {
            index = (index + 1) & (slots.count - 1)
        }
        let start = longPieces.count
        if slots[index].count == 0 { longPieces += piece }
        add(count, to: index, key, start: start)
    }

    @inline(__always)
    private mutating func add(_ count: Int, to index: Int, _ key: PieceKey, start: Int) {
        if slots[index].count > 0 {
            slots[index].count += count
        } else {
            slots[index] = Slot(key: key, count: count, start: start)
            distinct += 1
            if 2 * distinct > slots.count { grow() }
        }
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Self.free, count: 2 * old.count)
        for slot in old where slot.count > 0 {
            var index = firstSlot(slot.key)
            while slots[index].count > 0 { index = (index + 1) & (slots.count - 1) }
            slots[index] = slot
        }
    }

    @inline(__always)
    private func firstSlot(_ key: PieceKey) -> Int { key.hash(seed: seed) & (slots.count - 1) }

    private func isEqual(_ piece: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        longPieces[start..<start + piece.count].elementsEqual(piece)
    }
}
