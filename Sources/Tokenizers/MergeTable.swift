/// What two neighbouring tokens become: open addressing, at most half full.
struct MergeTable: Sendable {
    /// A merge in one number that orders by rank: the rank in the upper half, the token that it makes in the lower.
    typealias Merge = UInt64

    /// Stands for no merge: later than all of them.
    static let none = Merge.max

    private struct Slot {
        /// The left token in the upper half, the right one in the lower.
        var pair = UInt64.max
        var merge = MergeTable.none
    }

    private var slots: [Slot]
    private let seed = HashMixing.seed
    /// The number of merges; ranks are below it.
    private(set) var count = 0

    init(capacity: Int) {
        var size = 16
        while size < 2 * capacity { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
    }

    @inline(__always)
    func merge(_ left: UInt32, _ right: UInt32) -> Merge {
        let pair = UInt64(left) << 32 | UInt64(right)
        var index = index(of: pair)
        while true {
            let slot = slots[index]
            // A free slot holds `none`.
            if slot.pair == pair || slot.pair == .max { return slot.merge }
            index = (index + 1) & (slots.count - 1)
        }
    }

    /// Adds the next merge in order of rank.
    ///
    /// - Returns: false if there is a merge of this pair already.
    mutating func append(_ left: UInt32, _ right: UInt32, makes result: UInt32) -> Bool {
        let pair = UInt64(left) << 32 | UInt64(right)
        var index = index(of: pair)
        while slots[index].pair != .max {
            if slots[index].pair == pair { return false }
            index = (index + 1) & (slots.count - 1)
        }
        slots[index] = Slot(pair: pair, merge: UInt64(count) << 32 | UInt64(result))
        count += 1
        return true
    }

    @inline(__always)
    private func index(of pair: UInt64) -> Int {
        Int(truncatingIfNeeded: HashMixing.mix(pair, pair &<< 32 | pair &>> 32, seed: seed) >> 1) & (slots.count - 1)
    }

    @inline(__always) static func rank(_ merge: Merge) -> Int { Int(merge >> 32) }
    @inline(__always) static func result(_ merge: Merge) -> UInt32 { UInt32(truncatingIfNeeded: merge) }
}
