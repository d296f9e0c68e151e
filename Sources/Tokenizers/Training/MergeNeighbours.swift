/// What stands on one side of the tokens that a merge makes: how often, and where.
struct MergeNeighbours {
    private struct Change {
        /// Occurrences beside the old token, which is gone now.
        var lost = 0
        /// Occurrences beside the new token.
        var gained = 0
        /// How many places of the new pair there are; then where the next one goes.
        var places = 0
    }

    /// By token.
    private var changes: [Change]
    private var touched: [UInt32] = []
    private var places: [(neighbour: UInt32, place: UInt32)] = []

    init(tokens: Int) {
        changes = Array(repeating: Change(), count: tokens)
    }

    /// Makes room for a new token.
    mutating func appendToken() { changes.append(Change()) }

    /// Notes a neighbour of a new token.
    ///
    /// - Parameters:
    ///   - place: that of the left token of the new pair.
    ///   - hadOld: whether it was a neighbour of an old token.
    @inline(__always)
    mutating func note(_ neighbour: UInt32, place: UInt32, count: Int, hadOld: Bool) {
        let index = Int(neighbour)
        if changes[index].places == 0 { touched.append(neighbour) }
        changes[index].places += 1
        changes[index].gained += count
        if hadOld { changes[index].lost += count }
        places.append((neighbour, place))
    }

    /// Takes back what was noted of a neighbour that has merged since.
    @inline(__always)
    mutating func takeBack(_ neighbour: UInt32, count: Int) { changes[Int(neighbour)].gained -= count }

    /// Brings the noted changes into a table of pairs and forgets them.
    ///
    /// - Parameters:
    ///   - oldPair: makes a pair of the neighbour and the token that is gone.
    ///   - newPair: makes a pair of the neighbour and the new token.
    ///   - added: called with the index of each new pair.
    mutating func apply(
        to table: inout PairTable, oldPair: (UInt32) -> TokenPair, newPair: (UInt32) -> TokenPair,
        added: (Int) -> Void
    ) {
        for neighbour in touched {
            let change = changes[Int(neighbour)]
            if change.lost > 0 { table.subtract(change.lost, from: oldPair(neighbour)) }
            // All of a pair's places may have merged again.
            guard change.gained > 0 else {
                changes[Int(neighbour)].places = -1
                continue
            }
            let index = table.append(newPair(neighbour), count: change.gained, places: change.places)
            changes[Int(neighbour)].places = table.entries[index].places.lowerBound
            added(index)
        }
        for (neighbour, place) in places where changes[Int(neighbour)].places >= 0 {
            table.setPlace(changes[Int(neighbour)].places, place)
            changes[Int(neighbour)].places += 1
        }
        for neighbour in touched { changes[Int(neighbour)] = Change() }
        touched.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
    }
}
