/// Applies the merges to a short piece of text: again and again the earliest one, at its leftmost place.
///
/// Takes time in the square of the length, with a small constant: ahead of ``LongPieceMerger`` up to ``longest`` bytes.
struct ShortPieceMerger {
    static let longest = 128

    private var tokens = [UInt32](repeating: 0, count: longest)
    /// At i: the merge of the tokens i and i + 1.
    private var merges = [MergeTable.Merge](repeating: MergeTable.none, count: longest)

    /// Calls `emit` with each token of a piece of 1 to ``longest`` bytes.
    mutating func tokenize(
        _ piece: UnsafeBufferPointer<UInt8>, _ vocabulary: borrowing Merges, emit: (UInt32) -> Void
    ) {
        tokens.withUnsafeMutableBufferPointer { tokens in
            merges.withUnsafeMutableBufferPointer { merges in
                let count = Self.merge(piece, vocabulary, tokens, merges)
                for index in 0..<count { emit(tokens[index]) }
            }
        }
    }

    private static func merge(
        _ piece: UnsafeBufferPointer<UInt8>, _ vocabulary: borrowing Merges,
        _ tokens: UnsafeMutableBufferPointer<UInt32>, _ merges: UnsafeMutableBufferPointer<MergeTable.Merge>
    ) -> Int {
        var count = piece.count
        for index in 0..<count { tokens[index] = vocabulary.byteTokens[Int(piece[index])] }
        for index in 0..<count - 1 { merges[index] = vocabulary.table.merge(tokens[index], tokens[index + 1]) }

        while count > 1 {
            var place = 0
            var earliest = merges[0]
            for index in 1..<count - 1 where merges[index] < earliest {
                earliest = merges[index]
                place = index
            }
            guard earliest != MergeTable.none else { break }

            tokens[place] = MergeTable.result(earliest)
            count -= 1
            for index in place + 1..<max(count, place + 1) {
                tokens[index] = tokens[index + 1]
                merges[index - 1] = merges[index]
            }
            if place > 0 { merges[place - 1] = vocabulary.table.merge(tokens[place - 1], tokens[place]) }
            if place < count - 1 { merges[place] = vocabulary.table.merge(tokens[place], tokens[place + 1]) }
        }
        return count
    }
}
