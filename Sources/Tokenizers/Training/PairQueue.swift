/// A heap of pairs: the most frequent first and, among equally frequent ones, that of the lowest ids.
///
/// Source of the order: `Merge` in Hugging Face tokenizers' `models/bpe/trainer.rs`.
struct PairQueue {
    struct Item {
        var count: Int
        let pair: TokenPair
        /// Its index in the table of pairs.
        let index: Int

        @inline(__always)
        func precedes(_ other: Item) -> Bool { count != other.count ? count > other.count : pair < other.pair }
    }

    /// Each item precedes the two at twice its index + 1 and + 2.
    private var items: [Item] = []

    var first: Item? { items.first }

    mutating func insert(_ item: Item) {
        items.append(item)
        var hole = items.count - 1
        while hole > 0, item.precedes(items[(hole - 1) / 2]) {
            items[hole] = items[(hole - 1) / 2]
            hole = (hole - 1) / 2
        }
        items[hole] = item
    }

    mutating func removeFirst() {
        let last = items.removeLast()
        if !items.isEmpty { sink(last) }
    }

    /// Corrects the count of the first item, which may not grow.
    mutating func setFirstCount(_ count: Int) {
        var item = items[0]
        item.count = count
        sink(item)
    }

    /// Puts an item in the place of the first one and brings it to where it belongs.
    private mutating func sink(_ item: Item) {
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1].precedes(items[child]) { child += 1 }
            guard items[child].precedes(item) else { break }
            items[hole] = items[child]
            hole = child
        }
        items[hole] = item
    }
}
