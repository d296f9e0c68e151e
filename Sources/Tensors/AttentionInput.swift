/// Some columns of a tensor: where the queries, keys or values of an attention lie.
public struct TensorColumns: Sendable {
    /// [..., width].
    public let tensor: Tensor
    public let range: Range<Int>

    public init(_ tensor: Tensor, _ range: Range<Int>) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= tensor.shape[-1], "columns \(range) of \(tensor.shape)")
        self.tensor = tensor
        self.range = range
    }

    /// All columns.
    public init(_ tensor: Tensor) { self.init(tensor, 0..<tensor.shape[-1]) }

    var width: Int { tensor.shape[-1] }

    func pointer(row: Int, column: Int) -> UnsafeMutablePointer<Float> {
        tensor.floats + row * width + range.lowerBound + column
    }
}

/// The rows of one sequence among those of an attention's inputs.
public struct AttentionSpan: Sendable {
    /// The sequence's rows among the queries, behind those of the sequence before.
    public let queries: Range<Int>
    /// Its rows among the keys and values; sequences may share them.
    public let keys: Range<Int>

    public init(queries: Range<Int>, keys: Range<Int>) {
        self.queries = queries
        self.keys = keys
    }

    /// Stops where sequences have queries in common, or rows that are not there.
    static func check(_ spans: [AttentionSpan], queries: Int, keys: Int) {
        for span in spans {
            precondition(
                span.queries.lowerBound >= 0 && span.queries.upperBound <= queries && span.keys.lowerBound >= 0
                    && span.keys.upperBound <= keys,
                "queries \(span.queries) of \(queries) and keys \(span.keys) of \(keys)")
        }
        precondition(
            zip(spans, spans.dropFirst()).allSatisfy { $0.queries.upperBound <= $1.queries.lowerBound },
            "the queries of each sequence follow those of the one before")
    }

    /// `count` sequences of equal lengths, one after another.
    public static func sequences(_ count: Int, queries: Int, keys: Int) -> [AttentionSpan] {
        (0..<count).map {
            AttentionSpan(queries: $0 * queries..<($0 + 1) * queries, keys: $0 * keys..<($0 + 1) * keys)
        }
    }
}

/// Which keys a query may look at.
public struct AttentionMask: Sendable {
    /// The last query looks at all keys, the one before it at all but the last, and so on.
    public var isCausal: Bool
    /// Added to every score of a key, 0, or -infinity for padding: [keys of all sequences], or [B, T] for B sequences of T
    /// keys each.
    public var keyPadding: Tensor?
    /// Added to the scores: [queries, keys] for all sequences and heads, or [sequences * heads, queries, keys].
    public var additive: Tensor?

    public init(isCausal: Bool = false, keyPadding: Tensor? = nil, additive: Tensor? = nil) {
        self.isCausal = isCausal
        self.keyPadding = keyPadding
        self.additive = additive
    }

    /// Stops where a mask does not fit the sequences.
    func check(spans: [AttentionSpan], heads: Int, keys: Int) {
        if let keyPadding {
            let isByKey = keyPadding.shape.rank == 1
            let isBySequence =
                keyPadding.shape.rank == 2 && keyPadding.shape[0] == spans.count
                && spans.allSatisfy { $0.keys.count == keyPadding.shape[-1] }
            precondition(
                keyPadding.shape.count == keys && (isByKey || isBySequence),
                "a key padding mask of \(keyPadding.shape) for \(spans.count) sequences and \(keys) keys in all")
        }
        guard let additive else { return }
        precondition(
            additive.shape.rank == 2 || additive.shape.rank == 3 && additive.shape[0] == spans.count * heads,
            "an additive mask of \(additive.shape) for \(spans.count) sequences and \(heads) heads")
        for span in spans {
            precondition(
                additive.shape[-2] == span.queries.count && additive.shape[-1] == span.keys.count,
                "an additive mask of \(additive.shape) for \(span.queries.count) queries and \(span.keys.count) keys")
        }
    }

    /// Every query looks at every key.
    public static let none = AttentionMask()
    public static let causal = AttentionMask(isCausal: true)
}
