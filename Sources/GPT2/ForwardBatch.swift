public import Files
public import Tensors
public import Tokenizers

/// New tokens of one or several sequences, which one forward pass takes together.
///
/// Sequences may have different lengths and may be at different positions. Reuse a batch: emptied, it keeps its room.
public struct ForwardBatch {
    /// All new tokens, sequence after sequence, [R].
    public private(set) var tokens: [Int32] = []
    /// The position of each in its sequence, [R].
    public private(set) var positions: [Int32] = []
    /// Each sequence's rows.
    public private(set) var spans: [SequenceSpan] = []
    /// The last row of each sequence, [sequences].
    public private(set) var lastRows: [Int32] = []

    public init() {}

    public mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        spans.removeAll(keepingCapacity: true)
        lastRows.removeAll(keepingCapacity: true)
    }

    /// Adds a sequence's next tokens, at least one; a cache may stand in a batch once.
    ///
    /// - Throws: ``InputError`` of kind `data` if the cache has no room for them, `usage` if one is no id of any vocabulary.
    public mutating func append(_ newTokens: some Sequence<TokenID>, to cache: KVCache) throws(InputError) {
        let first = tokens.count
        for token in newTokens {
            guard let id = Int32(exactly: token), id >= 0 else {
                positions.removeLast(tokens.count - first)
                tokens.removeLast(tokens.count - first)
                throw InputError(.usage, "\(token) is not a token id", advice: "Use ids of the model's vocabulary")
            }
            positions.append(Int32(truncatingIfNeeded: cache.count + tokens.count - first))
            tokens.append(id)
        }
        let count = tokens.count - first
        precondition(count > 0, "a sequence needs at least one new token")
        precondition(!spans.contains { $0.cache === cache }, "a cache may stand in a batch once")
        if cache.count + count > cache.capacity {
            tokens.removeLast(count)
            positions.removeLast(count)
            throw InputError(
                .data, "\(cache.count + count) tokens do not fit the \(cache.capacity) positions there is room for",
                advice: "Give a shorter text")
        }
        spans.append(SequenceSpan(cache: cache, firstRow: first, count: count, firstPosition: cache.count))
        lastRows.append(Int32(tokens.count - 1))
    }

    /// The positions of this batch are filled now.
    func advanceCaches() {
        for span in spans { span.cache.advance(by: span.count) }
    }
}

extension KVCache {
    /// Room for one sequence of `capacity` positions of a model; the model's context length at most.
    public convenience init(for model: GPT2, capacity: Int) {
        let configuration = model.configuration
        self.init(
            layers: configuration.layers, heads: configuration.heads, headSize: configuration.headSize,
            capacity: min(capacity, configuration.contextLength))
    }
}
