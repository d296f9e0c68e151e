/// How many tokens to propose: more after proposals that came true, fewer and rarer after others.
///
/// So a proposer that is never right costs a row in one pass of seventeen, and one that is always right soon proposes as
/// much as it may.
struct ProposalLength {
    private let limit: Int
    private var length: Int
    /// How many proposals in a row had nothing that came true.
    private var misses = 0
    /// Forward passes without a proposal from now on.
    private var pause = 0

    private static let longestPause = 16

    /// - Parameter limit: the most tokens to propose.
    init(limit: Int) {
        self.limit = limit
        length = min(limit, 4)
    }

    /// - Returns: how many tokens to propose for the next forward pass; 0 is none.
    mutating func next() -> Int {
        if pause == 0 { return length }
        pause -= 1
        return 0
    }

    /// Learns from how a proposal went.
    mutating func record(proposed: Int, accepted: Int) {
        if proposed == 0 { return }
        if accepted == 0 {
            misses += 1
            length = 1
            pause = misses > 5 ? Self.longestPause : 1 << (misses - 1) - 1
        } else {
            misses = 0
            length = min(limit, accepted == proposed ? max(length, 2 * accepted) : accepted + 1)
        }
    }
}
