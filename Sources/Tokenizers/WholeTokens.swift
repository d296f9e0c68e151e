/// Which tokens the merges make of their own bytes.
///
/// A token is made whole by a merge of `left` and `right` if both are whole themselves and their bytes, side by side, come
/// to be just these two. They do unless something joins across the border between them: a last part of `left` and a first
/// part of `right` that are there at the same time. So it is enough to walk back through those, from the latest. A token
/// that several merges make is whole if one of them passes, since merging takes one way only.
struct WholeTokens {
    /// The last merge of a token's bytes.
    private struct LastMerge {
        static let byte: Int32 = -1
        static let none: Int32 = -2

        /// ``byte`` for a token that is one, ``none`` while a token is not known to be whole.
        var rank = none
        var left: UInt32 = 0
        var right: UInt32 = 0
    }

    /// For every token.
    private var lastMerges: [LastMerge]

    init(count: Int, _ merges: borrowing Merges) {
        lastMerges = Array(repeating: LastMerge(), count: count)
        for token in merges.byteTokens { lastMerges[Int(token)].rank = LastMerge.byte }
        for (rank, rule) in merges.table.rules.enumerated()
        where !contains(rule.result) && contains(rule.left) && contains(rule.right) {
            if isJoinedAcross(rule, merges.table) { continue }
            lastMerges[Int(rule.result)] = LastMerge(rank: Int32(rank), left: rule.left, right: rule.right)
        }
    }

    @inline(__always)
    func contains(_ token: UInt32) -> Bool { lastMerges[Int(token)].rank != LastMerge.none }

    private func isJoinedAcross(_ rule: MergeTable.Rule, _ merges: borrowing MergeTable) -> Bool {
        var (left, right) = (rule.left, rule.right)
        var (leftMerge, rightMerge) = (lastMerges[Int(left)], lastMerges[Int(right)])
        while leftMerge.rank != LastMerge.byte || rightMerge.rank != LastMerge.byte {
            // Take back what was merged last. Of two places with the same merge, the left one goes first.
            let limit: Int32
            if leftMerge.rank > rightMerge.rank {
                limit = leftMerge.rank
                left = leftMerge.right
                leftMerge = lastMerges[Int(left)]
            } else {
                limit = rightMerge.rank + 1
                right = rightMerge.left
                rightMerge = lastMerges[Int(right)]
            }
            if MergeTable.rank(merges.merge(left, right)) < limit { return true }
        }
        return false
    }
}
