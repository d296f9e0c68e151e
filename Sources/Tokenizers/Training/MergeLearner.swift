import Files

/// Learns merges: again and again the pair of neighbouring tokens that is most frequent becomes a token.
///
/// The distinct pieces lie one after another in one array. Counts are of the whole text: a piece that occurs ten times
/// counts ten times. The merges are those of Hugging Face tokenizers' `BpeTrainer`, ties included: there, too, counts in the
/// queue are corrected when their pair comes up, and since counts never grow after a pair has come to be, the first pair
/// whose count is right is the most frequent.
struct MergeLearner {
    struct Merge {
        let left: UInt32
        let right: UInt32
    }

    /// One byte of a piece. The first and the last byte of a token hold it; those between hold nothing.
    private struct Symbol {
        var token: UInt32
        let piece: UInt32
    }

    /// Also stands between pieces.
    private static let none = UInt32.max

    /// In the order in which they were learnt; the first makes token 256.
    private(set) var merges: [Merge] = []
    private var symbols: [Symbol] = [Symbol(token: none, piece: 0)]
    /// How often each piece occurs.
    private var counts: [Int] = []
    /// How many bytes each token has.
    private var lengths = [Int](repeating: 1, count: 256)
    private var pairs = PairTable()
    private var queue = PairQueue()
    private var left = MergeNeighbours(tokens: 256)
    private var right = MergeNeighbours(tokens: 256)

    /// - Parameter byteTokens: the token of each byte: some order of 0 to 255.
    /// - Throws: ``InputError`` of kind `data` if the distinct pieces have 4 GiB or more.
    init(_ pieces: borrowing PieceCounts, byteTokens: [UInt32]) throws(InputError) {
        var isTooLong = false
        pieces.forEach { piece, count in
            // A single byte has no neighbours.
            guard piece.count > 1, !isTooLong else { return }
            isTooLong = symbols.count + piece.count >= Int(UInt32.max)
            let index = UInt32(counts.count)
            for byte in piece { symbols.append(Symbol(token: byteTokens[Int(byte)], piece: index)) }
            symbols.append(Symbol(token: Self.none, piece: 0))
            counts.append(count)
        }
        if isTooLong {
            throw InputError(
                .data, "the distinct words of the text have more than 4 GiB", advice: "Train with a part of the text")
        }
        findPairs()
    }

    private mutating func findPairs() {
        // For every two bytes how often and in how many places they are neighbours.
        var pairCounts = [Int](repeating: 0, count: 1 << 16)
        var placeCounts = [Int](repeating: 0, count: 1 << 16)
        for place in 0..<symbols.count - 1 {
            guard let pair = bytePair(at: place) else { continue }
            pairCounts[pair] += counts[Int(symbols[place].piece)]
            placeCounts[pair] += 1
        }
        for pair in 0..<1 << 16 where placeCounts[pair] > 0 {
            let index = pairs.append(
                TokenPair(UInt32(pair >> 8), UInt32(pair & 0xFF)), count: pairCounts[pair], places: placeCounts[pair])
            placeCounts[pair] = pairs.entries[index].places.lowerBound
            enqueue(index)
        }
        for place in 0..<symbols.count - 1 {
            guard let pair = bytePair(at: place) else { continue }
            pairs.setPlace(placeCounts[pair], UInt32(place))
            placeCounts[pair] += 1
        }
    }

    private func bytePair(at place: Int) -> Int? {
        let (left, right) = (symbols[place].token, symbols[place + 1].token)
        return left == Self.none || right == Self.none ? nil : Int(left << 8 | right)
    }

    private mutating func enqueue(_ index: Int) {
        let entry = pairs.entries[index]
        queue.insert(PairQueue.Item(count: entry.count, pair: entry.pair, index: index))
    }

    /// Learns the next merge.
    ///
    /// - Returns: false if there are no two neighbours left.
    mutating func learnNext() -> Bool {
        while let first = queue.first {
            let count = pairs.entries[first.index].count
            if count == 0 {
                queue.removeFirst()
            } else if count != first.count {
                queue.setFirstCount(count)
            } else {
                queue.removeFirst()
                merge(first.index)
                return true
            }
        }
        return false
    }

    private mutating func merge(_ index: Int) {
        let entry = pairs.entries[index]
        let (first, second) = (entry.pair.left, entry.pair.right)
        let (firstLength, length) = (lengths[Int(first)], lengths[Int(first)] + lengths[Int(second)])
        let result = UInt32(lengths.count)
        merges.append(Merge(left: first, right: second))
        lengths.append(length)
        left.appendToken()
        right.appendToken()

        for place in entry.places {
            let start = Int(pairs.places[place])
            let middle = start + firstLength
            let end = start + length
            guard symbols[start].token == first, symbols[middle].token == second else { continue }
            symbols[middle - 1].token = Self.none
            symbols[middle].token = Self.none
            symbols[start].token = result
            symbols[end - 1].token = result

            let count = counts[Int(symbols[start].piece)]
            let before = symbols[start - 1].token
            if before != Self.none {
                let place = UInt32(start - lengths[Int(before)])
                left.note(before, place: place, count: count, hadOld: before != result)
                if before == result { right.takeBack(first, count: count) }
            }
            let after = symbols[end].token
            if after != Self.none { right.note(after, place: UInt32(start), count: count, hadOld: true) }
        }

        var added: [Int] = []
        left.apply(to: &pairs, oldPair: { TokenPair($0, first) }, newPair: { TokenPair($0, result) }) {
            added.append($0)
        }
        right.apply(to: &pairs, oldPair: { TokenPair(second, $0) }, newPair: { TokenPair(result, $0) }) {
            added.append($0)
        }
        for index in added { enqueue(index) }
        pairs.clear(index)
    }
}
