internal import Tensors

extension Shape {
    /// How many sequences [B, T, C] holds and how long they are; [T, C] is one.
    var sequences: (count: Int, length: Int) {
        precondition(rank == 2 || rank == 3, "sequences are [B, T, C] or [T, C], not \(self)")
        return rank == 3 ? (self[0], self[1]) : (1, self[0])
    }
}

extension AttentionSpan {
    /// The sequences of queries, [B, Tq, C], beside those of keys, [B, Tk, C].
    static func sequences(queries: Shape, keys: Shape) -> [AttentionSpan] {
        let (q, k) = (queries.sequences, keys.sequences)
        precondition(q.count == k.count, "\(q.count) sequences of queries and \(k.count) of keys")
        return sequences(q.count, queries: q.length, keys: k.length)
    }
}
