import Tensors

extension OperationCase {
    static let attention: [OperationCase] = [
        apart("", spans: [(4, 4)], heads: 2, size: 3),
        apart("one number", spans: [(1, 1)], heads: 1, size: 1),
        apart("sequences of different lengths", spans: [(2, 5), (4, 1), (1, 3)], heads: 2, size: 3),
        apart("no queries or no keys", spans: [(0, 3), (2, 0), (3, 2)], heads: 2, size: 3),
        apart("causal, fewer keys than queries", spans: [(5, 3), (2, 0)], heads: 2, size: 3, mask: .causal),
        apart("causal, more keys than queries", spans: [(3, 6), (1, 4)], heads: 2, size: 3, mask: .causal),
        // Several strips of 32 queries, pages of 64 keys and panels of 16 channels.
        apart("strips", spans: [(40, 130), (33, 64)], heads: 3, size: 5),
        apart("dropout", spans: [(40, 70)], heads: 2, size: 4, dropoutRate: 0.3),
        OperationCase(
            .multiHeadAttention, "keys that sequences share",
            inputs: [Input("q", 60, 12), Input("k", 40, 12), Input("v", 40, 12)],
            forward: {
                $1.multiHeadAttention(
                    queries: TensorColumns($0.q), keys: TensorColumns($0.k), values: TensorColumns($0.v), heads: 3,
                    scale: 0.5, spans: sharing)
            },
            twin: {
                Reference.attention(queries: $0.q, keys: $0.k, values: $0.v, heads: 3, scale: 0.5, spans: sharing)
            }),
        OperationCase(
            .multiHeadAttention, "rows of no sequence",
            inputs: [Input("q", 6, 4), Input("k", 5, 4), Input("v", 5, 4)],
            forward: {
                $1.multiHeadAttention(
                    queries: TensorColumns($0.q), keys: TensorColumns($0.k), values: TensorColumns($0.v), heads: 2,
                    scale: 0.5, spans: [AttentionSpan(queries: 1..<4, keys: 2..<4)])
            },
            twin: {
                Reference.attention(
                    queries: $0.q, keys: $0.k, values: $0.v, heads: 2, scale: 0.5,
                    spans: [AttentionSpan(queries: 1..<4, keys: 2..<4)])
            }),
        OperationCase(
            .multiHeadAttention, "the same columns as queries, keys and values", inputs: [Input("x", 5, 6)],
            forward: {
                $1.multiHeadAttention(
                    queries: TensorColumns($0.x), keys: TensorColumns($0.x), values: TensorColumns($0.x), heads: 2,
                    scale: 0.5, spans: .sequences(1, queries: 5, keys: 5))
            },
            twin: {
                Reference.attention(
                    queries: $0.x, keys: $0.x, values: $0.x, heads: 2, scale: 0.5,
                    spans: .sequences(1, queries: 5, keys: 5))
            }),
        together("causal, side by side", lengths: [5, 3], heads: 2, size: 3),
        together("causal, strips", lengths: [75, 33], heads: 2, size: 20),
        together("causal, dropout", lengths: [35, 6], heads: 2, size: 3, dropoutRate: 0.5),
        // Of two sequences the first is given weights, and its queries and keys have no say.
        OperationCase(
            .multiHeadAttention, "a pattern put in place of one sequence's",
            inputs: [Input("q", 8, 6, scale: 2), Input("k", 10, 6, scale: 2), Input("v", 10, 6)],
            forward: {
                var sequence = 0
                return $1.multiHeadAttention(
                    queries: TensorColumns($0.q), keys: TensorColumns($0.k), values: TensorColumns($0.v), heads: 2,
                    scale: 0.5, spans: two
                ) { found in
                    defer { sequence += 1 }
                    return sequence == 0 ? pattern : found
                }
            },
            twin: {
                Reference.attention(
                    queries: $0.q, keys: $0.k, values: $0.v, heads: 2, scale: 0.5, spans: two,
                    patterns: [0: Numbers(pattern)])
            }),
        // Queries in columns of one tensor, keys and values in columns of another that overlap.
        OperationCase(
            .multiHeadAttention, "columns", inputs: [Input("x", 3, 11), Input("memory", 4, 9)],
            forward: {
                $1.multiHeadAttention(
                    queries: TensorColumns($0.x, 4..<10), keys: TensorColumns($0.memory, 1..<7),
                    values: TensorColumns($0.memory, 3..<9), heads: 2, scale: 0.5,
                    spans: .sequences(1, queries: 3, keys: 4))
            },
            twin: {
                Reference.attention(
                    queries: Reference.columns($0.x, 4..<10), keys: Reference.columns($0.memory, 1..<7),
                    values: Reference.columns($0.memory, 3..<9), heads: 2, scale: 0.5,
                    spans: .sequences(1, queries: 3, keys: 4))
            }),
    ]

    private static let sharing = [
        AttentionSpan(queries: 0..<20, keys: 0..<40), AttentionSpan(queries: 20..<40, keys: 10..<40),
        AttentionSpan(queries: 40..<60, keys: 0..<40),
    ]

    private static let two = [
        AttentionSpan(queries: 0..<3, keys: 0..<4), AttentionSpan(queries: 3..<8, keys: 4..<10),
    ]
    private static let pattern = Tensor((0..<24).map { Float($0 * 7 % 11) / 8 - 0.5 }, shape: Shape(2, 3, 4))

    /// Queries, keys and values in tensors of their own; spans as numbers of queries and of keys, one after another.
    static func apart(
        _ variant: String, spans lengths: [(queries: Int, keys: Int)], heads: Int, size: Int,
        mask: AttentionMask = .none, dropoutRate: Double = 0
    ) -> OperationCase {
        var spans: [AttentionSpan] = []
        var (queries, keys) = (0, 0)
        for length in lengths {
            spans.append(
                AttentionSpan(queries: queries..<queries + length.queries, keys: keys..<keys + length.keys))
            queries += length.queries
            keys += length.keys
        }
        let scale = 1 / Float(size).squareRoot()
        let dropout = dropoutRate > 0 ? Reference.Dropout(rate: dropoutRate) : nil
        return OperationCase(
            .multiHeadAttention, variant,
            inputs: [
                Input("q", queries, heads * size, scale: 2), Input("k", keys, heads * size, scale: 2),
                Input("v", keys, heads * size),
            ],
            forward: { [spans] in
                $1.multiHeadAttention(
                    queries: TensorColumns($0.q), keys: TensorColumns($0.k), values: TensorColumns($0.v), heads: heads,
                    scale: scale, spans: spans, mask: mask, dropoutRate: dropoutRate)
            },
            twin: { [spans] in
                Reference.attention(
                    queries: $0.q, keys: $0.k, values: $0.v, heads: heads, scale: Double(scale), spans: spans,
                    mask: mask, dropout: dropout)
            })
    }

    /// Causal self-attention whose queries, keys and values lie side by side in one tensor.
    private static func together(
        _ variant: String, lengths: [Int], heads: Int, size: Int, dropoutRate: Double = 0
    ) -> OperationCase {
        var rows = 0
        let spans = lengths.map { length in
            defer { rows += length }
            return AttentionSpan(queries: rows..<rows + length, keys: rows..<rows + length)
        }
        let channels = heads * size
        let scale = 1 / Float(size).squareRoot()
        let dropout = dropoutRate > 0 ? Reference.Dropout(rate: dropoutRate) : nil
        return OperationCase(
            .multiHeadAttention, variant, inputs: [Input("x", rows, 3 * channels, scale: 2)],
            forward: {
                $1.multiHeadAttention(
                    queries: TensorColumns($0.x, 0..<channels), keys: TensorColumns($0.x, channels..<2 * channels),
                    values: TensorColumns($0.x, 2 * channels..<3 * channels), heads: heads, scale: scale, spans: spans,
                    mask: .causal, dropoutRate: dropoutRate)
            },
            twin: {
                Reference.attention(
                    queries: Reference.columns($0.x, 0..<channels),
                    keys: Reference.columns($0.x, channels..<2 * channels),
                    values: Reference.columns($0.x, 2 * channels..<3 * channels), heads: heads, scale: Double(scale),
                    spans: spans, mask: AttentionMask.causal, dropout: dropout)
            })
    }
}

extension [AttentionSpan] {
    fileprivate static func sequences(_ count: Int, queries: Int, keys: Int) -> [AttentionSpan] {
        AttentionSpan.sequences(count, queries: queries, keys: keys)
    }
}
