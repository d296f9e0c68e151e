/// Applies the merges to a long piece of text in time linear in its length, whatever it holds.
///
/// Places are kept in one list per merge. Merges are taken in order of rank, which no merge ever goes back behind, so the
/// search for the next one passes over all ranks once.
struct LongPieceMerger {
    /// The text and the lists are addressed by 32-bit numbers.
    static let longest = 1 << 30

    private static let none: Int32 = -1

    /// A token of the piece, at the offset of its first byte.
    private struct Symbol {
        var token: UInt32
        var next: Int32
        var previous: Int32
        /// The rank and the result of the merge with the next token, if it is in a list.
        var rank: Int32 = none
        var result: UInt32 = 0
        /// The neighbours in the list of that merge.
        var after: Int32 = none
        var before: Int32 = none
    }

    private let merges: Merges
    private var symbols: [Symbol] = []
    /// For every merge its first place.
    private var first: [Int32]
    /// The ranks whose lists are or were not empty, as bits.
    private var waiting: [UInt64]

    init(_ merges: Merges) {
        self.merges = merges
        first = Array(repeating: Self.none, count: merges.table.count)
        waiting = Array(repeating: 0, count: merges.table.count / 64 + 1)
    }

    /// Calls `emit` with each token of a piece of 1 to ``longest`` bytes.
    mutating func tokenize(_ piece: UnsafeBufferPointer<UInt8>, emit: (UInt32) -> Void) {
        start(piece)
        for word in waiting.indices {
            // The bits that a merge adds are further up, perhaps in the same word.
            while waiting[word] != 0 {
                let rank = word * 64 + waiting[word].trailingZeroBitCount
                while first[rank] != Self.none { mergeRun(around: first[rank], rank: Int32(rank)) }
                waiting[word] &= waiting[word] - 1
            }
        }
        var position: Int32 = 0
        while position != Self.none {
            emit(symbols[Int(position)].token)
            position = symbols[Int(position)].next
        }
    }

    private mutating func start(_ piece: UnsafeBufferPointer<UInt8>) {
        symbols.removeAll(keepingCapacity: true)
        symbols.reserveCapacity(piece.count)
        for (offset, byte) in piece.enumerated() {
            let next = offset + 1 < piece.count ? Int32(offset + 1) : Self.none
            symbols.append(Symbol(token: merges.byteTokens[Int(byte)], next: next, previous: Int32(offset - 1)))
        }
        // From the end, so that the lists run forward through memory.
        for offset in (0..<piece.count).reversed() { enlist(Int32(offset)) }
    }

    /// Where the same merge applies to overlapping places ("aaaa"), the leftmost goes first, then every other one.
    private mutating func mergeRun(around place: Int32, rank: Int32) {
        var place = place
        while symbols[Int(place)].previous != Self.none, symbols[Int(symbols[Int(place)].previous)].rank == rank {
            place = symbols[Int(place)].previous
        }
        while place != Self.none, symbols[Int(place)].rank == rank {
            merge(place)
            place = symbols[Int(place)].next
        }
    }

    private mutating func merge(_ place: Int32) {
        let right = symbols[Int(place)].next
        let previous = symbols[Int(place)].previous
        let result = symbols[Int(place)].result
        if previous != Self.none { delist(previous) }
        delist(place)
        delist(right)

        let next = symbols[Int(right)].next
        symbols[Int(place)].token = result
        symbols[Int(place)].next = next
        if next != Self.none { symbols[Int(next)].previous = place }
        enlist(place)
        if previous != Self.none { enlist(previous) }
    }

    /// Puts a place into the list of the merge that applies there.
    private mutating func enlist(_ place: Int32) {
        let symbol = symbols[Int(place)]
        guard symbol.next != Self.none else { return }
        let merge = merges.table.merge(symbol.token, symbols[Int(symbol.next)].token)
        guard merge != MergeTable.none else { return }

        let rank = MergeTable.rank(merge)
        let after = first[rank]
        symbols[Int(place)].rank = Int32(rank)
        symbols[Int(place)].result = MergeTable.result(merge)
        symbols[Int(place)].before = Self.none
        symbols[Int(place)].after = after
        if after != Self.none { symbols[Int(after)].before = place }
        first[rank] = place
        waiting[rank / 64] |= 1 << UInt64(rank % 64)
    }

    private mutating func delist(_ place: Int32) {
        let symbol = symbols[Int(place)]
        guard symbol.rank != Self.none else { return }
        if symbol.before != Self.none {
            symbols[Int(symbol.before)].after = symbol.after
        } else {
            first[Int(symbol.rank)] = symbol.after
        }
        if symbol.after != Self.none { symbols[Int(symbol.after)].before = symbol.before }
        symbols[Int(place)].rank = Self.none
    }
}
