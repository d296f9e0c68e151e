/// Two neighbouring tokens in one number: the left one in the upper half. Numbers order as pairs do.
typealias TokenPair = UInt64

extension TokenPair {
    init(_ left: UInt32, _ right: UInt32) { self = UInt64(left) << 32 | UInt64(right) }

    var left: UInt32 { UInt32(self >> 32) }
    var right: UInt32 { UInt32(truncatingIfNeeded: self) }
}

/// The pairs of neighbouring tokens in a text: how often each occurs, and where.
struct PairTable {
    struct Entry {
        let pair: TokenPair
        /// Occurrences in the text now, overlapping ones included.
        var count: Int
        /// Where ``PairTable/places`` lists the pair; ascending, and some may have gone since.
        let places: Range<Int>
    }

    private(set) var entries: [Entry] = []
    /// Offsets of left tokens, pair by pair.
    private(set) var places: [UInt32] = []
    /// An index of the entries, or -1.
    private var slots = [Int32](repeating: -1, count: 1 << 16)
    private let seed = HashMixing.seed

    /// Adds a pair that is not in the table.
    ///
    /// - Parameter places: how many places it has; to be written with ``setPlace(_:_:)``.
    /// - Returns: its index among the entries.
    mutating func append(_ pair: TokenPair, count: Int, places placeCount: Int) -> Int {
        let start = places.count
        places.append(contentsOf: repeatElement(0, count: placeCount))
        slots[slot(of: pair)] = Int32(entries.count)
        entries.append(Entry(pair: pair, count: count, places: start..<places.count))
        if 2 * entries.count > slots.count { grow() }
        return entries.count - 1
    }

    @inline(__always)
    mutating func setPlace(_ index: Int, _ place: UInt32) { places[index] = place }

    /// Takes occurrences away from a pair that has them.
    mutating func subtract(_ count: Int, from pair: TokenPair) {
        let index = slots[slot(of: pair)]
        if index >= 0 { entries[Int(index)].count -= count }
    }

    /// Leaves a pair without occurrences.
    mutating func clear(_ index: Int) { entries[index].count = 0 }

    private mutating func grow() {
        slots = Array(repeating: -1, count: 2 * slots.count)
        for (index, entry) in entries.enumerated() { slots[slot(of: entry.pair)] = Int32(index) }
    }

    /// The slot that holds a pair, or the free one where it belongs.
    @inline(__always)
    private func slot(of pair: TokenPair) -> Int {
        let hash = HashMixing.mix(pair, pair &<< 32 | pair &>> 32, seed: seed) >> 1
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0, entries[Int(slots[slot])].pair != pair { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }
}
