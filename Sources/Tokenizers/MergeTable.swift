/// What two neighbouring tokens become: the list of merges, and where each pair is in it by open addressing.
struct MergeTable: Sendable {
    /// A merge in one number that orders by rank: the rank in the upper half, the token that it makes in the lower.
    typealias Merge = UInt64

    /// Stands for no merge: later than all of them.
    static let none = Merge.max

    struct Rule {
        let left: UInt32
        let right: UInt32
        let result: UInt32
    }

    /// In order of rank.
    private(set) var rules: [Rule] = []
    /// The rank of a merge, or -1.
    private var slots: [Int32]
    private let seed = HashMixing.seed

    /// The number of merges; ranks are below it.
    var count: Int { rules.count }

    init(capacity: Int) {
        rules.reserveCapacity(capacity)
        slots = Array(repeating: -1, count: HashMixing.tableSize(for: capacity))
    }

    @inline(__always)
    func merge(_ left: UInt32, _ right: UInt32) -> Merge {
        let rank = slots[slot(of: left, right)]
        return rank < 0 ? Self.none : UInt64(rank) << 32 | UInt64(rules[Int(rank)].result)
    }

    /// Adds the next merge in order of rank.
    ///
    /// - Returns: false if there is a merge of this pair already.
    mutating func append(_ left: UInt32, _ right: UInt32, makes result: UInt32) -> Bool {
        let slot = slot(of: left, right)
        guard slots[slot] < 0 else { return false }
        slots[slot] = Int32(count)
        rules.append(Rule(left: left, right: right, result: result))
        return true
    }

    /// The slot that holds the merge of a pair, or the free one where it belongs.
    @inline(__always)
    private func slot(of left: UInt32, _ right: UInt32) -> Int {
        let pair = UInt64(left) << 32 | UInt64(right)
        let hash = HashMixing.mix(pair, pair &<< 32 | pair &>> 32, seed: seed) >> 1
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let rule = rules[Int(slots[slot])]
            if rule.left == left && rule.right == right { break }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    @inline(__always) static func rank(_ merge: Merge) -> Int { Int(merge >> 32) }
    @inline(__always) static func result(_ merge: Merge) -> UInt32 { UInt32(truncatingIfNeeded: merge) }
}
