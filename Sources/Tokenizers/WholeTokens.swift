/// Which tokens the merges make of their own bytes.
///
/// A token is made whole by a merge of `left` and `right` if both are whole themselves and their bytes, side by side, come
/// to be just these two. They do unless something joins across the border between them: a last part of `left` and a first
/// part of `right` that are there at the same time. So it is enough to walk back through those, from the latest. A token
/// that several merges make is whole if one of them passes, since merging takes one way only.
struct WholeTokens {
    private static let byte: Int32 = -1
    private static let none: Int32 = -2

    /// For every token the rank of the last merge of its bytes; ``byte`` if it is one, ``none`` while it is not whole.
    private var lastMerges: [Int32]

    init(count: Int, _ merges: borrowing Merges) {
        lastMerges = Array(repeating: Self.none, count: count)
        for token in merges.byteTokens { lastMerges[Int(token)] = Self.byte }
        for (rank, rule) in merges.table.rules.enumerated()
        where !contains(rule.result) && contains(rule.left) && contains(rule.right) {
            if !isJoinedAcross(rule, merges.table) { lastMerges[Int(rule.result)] = Int32(rank) }
        }
    }

    @inline(__always)
    func contains(_ token: UInt32) -> Bool { lastMerges[Int(token)] != Self.none }

    private func isJoinedAcross(_ rule: MergeTable.Rule, _ merges: borrowing MergeTable) -> Bool {
        var (left, right) = (rule.left, rule.right)
        while true {
            let (leftRank, rightRank) = (lastMerges[Int(left)], lastMerges[Int(right)])
            if leftRank == Self.byte, rightRank == Self.byte { return false }
            // Take back what was merged last. Of two places with the same merge, the left one goes first.
            let limit: Int32
            if leftRank > rightRank {
                left = merges.rules[Int(leftRank)].right
                limit = leftRank
            } else {
                right = merges.rules[Int(rightRank)].left
                limit = rightRank + 1
            }
            if MergeTable.rank(merges.merge(left, right)) < limit { return true }
        }
    }
}
