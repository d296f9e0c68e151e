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
    /// Each sequence's rows, where it has a cache.
    public private(set) var spans: [SequenceSpan] = []
    /// Each sequence's rows, where it is given as a whole.
    package private(set) var wholeSequences: [AttentionSpan] = []
    /// The last row of each sequence, [sequences].
    public private(set) var lastRows: [Int32] = []

    public init() {}

    public mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        spans.removeAll(keepingCapacity: true)
        wholeSequences.removeAll(keepingCapacity: true)
        lastRows.removeAll(keepingCapacity: true)
    }

    /// Whether the sequences have caches, so that they may go on in another batch; else they are whole.
    var isCached: Bool { wholeSequences.isEmpty }

    /// The rows that are asked for; nil where it is all of them.
    func rows(_ rows: GPT2.Rows) -> [Int32]? {
        switch rows {
        case .none: []
        case .last: lastRows.count < tokens.count ? lastRows : nil
        case .all: nil
        }
    }

    /// Adds a sequence's next tokens, at least one; a cache may stand in a batch once.
    ///
    /// - Throws: ``InputError`` of kind `data` if the cache has no room for them, `usage` if one is no id of any vocabulary.
    public mutating func append(_ newTokens: some Sequence<TokenID>, to cache: KVCache) throws(InputError) {
        precondition(wholeSequences.isEmpty, "a batch has caches for all its sequences or for none")
        precondition(!spans.contains { $0.cache === cache }, "a cache may stand in a batch once")
        let first = tokens.count
        try append(newTokens, from: cache.count)
        let count = tokens.count - first
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

    /// Adds a whole sequence, at least one token, that is not to go on: for training and for scoring texts.
    ///
    /// - Throws: ``InputError`` of kind `usage` if one is no id of any vocabulary.
    public mutating func append(whole sequence: some Sequence<TokenID>) throws(InputError) {
        precondition(spans.isEmpty, "a batch has caches for all its sequences or for none")
        let first = tokens.count
        try append(sequence, from: 0)
        wholeSequences.append(AttentionSpan(queries: first..<tokens.count, keys: first..<tokens.count))
        lastRows.append(Int32(tokens.count - 1))
    }

    /// Adds tokens with their positions, or nothing if one is no id.
    private mutating func append(_ newTokens: some Sequence<TokenID>, from position: Int) throws(InputError) {
        let first = tokens.count
        for token in newTokens {
            guard let id = Int32(exactly: token), id >= 0 else {
                positions.removeLast(tokens.count - first)
                tokens.removeLast(tokens.count - first)
                throw InputError(.usage, "\(token) is not a token id", advice: "Use ids of the model's vocabulary")
            }
            positions.append(Int32(truncatingIfNeeded: position + tokens.count - first))
            tokens.append(id)
        }
        precondition(tokens.count > first, "a sequence needs at least one new token")
    }

    /// Stops where the caches are not this model's or not where they were, or a sequence is longer than its context.
    func check(against configuration: GPT2Configuration) {
        for span in spans {
            let cache = span.cache
            precondition(
                (cache.layers, cache.heads, cache.headSize)
                    == (configuration.layers, configuration.heads, configuration.headSize),
                "the cache was made for another model")
            precondition(cache.count == span.firstPosition, "the cache has moved on since the batch was put together")
        }
        for sequence in wholeSequences {
            precondition(
                sequence.keys.count <= configuration.contextLength,
                "\(sequence.keys.count) tokens in a context of \(configuration.contextLength)")
        }
    }

    /// The positions of this batch are filled now.
    func advanceCaches() {
        for span in spans { span.cache.advance(by: span.count) }
    }
}

extension KVCache {
    /// Room for one sequence of `capacity` positions of a model; the model's context length at most. Keys and values are
    /// bytes where the model's weights are q8 or q4.
    public convenience init(for model: GPT2, capacity: Int) {
        let configuration = model.configuration
        self.init(
            layers: configuration.layers, heads: configuration.heads, headSize: configuration.headSize,
            capacity: min(capacity, configuration.contextLength), holdsBytes: model.cachesBytes)
    }
}

extension GPT2 {
    /// A ``KVCache`` of its own for a sequence, where the system has the memory.
    ///
    /// - Throws: ``InputError`` of kind `data` where it has not.
    package func cache(for positions: Int) throws(InputError) -> KVCache {
        let memory = KVCache.fits(
            layers: configuration.layers, heads: configuration.heads, headSize: configuration.headSize,
            capacity: min(positions, configuration.contextLength), holdsBytes: cachesBytes)
        guard memory.isThere else {
            throw InputError(
                .data,
                "keys and values of \(positions) positions need \(memory.byteCount / 1_000_000) MB of memory, which the "
                    + "system does not give",
                advice: "Give a shorter text, or ask for fewer tokens")
        }
        return KVCache(for: self, capacity: positions)
    }

    /// Whether keys and values are cached as bytes.
    var cachesBytes: Bool { blocks.contains { $0.attention.projection.weight.format.isQuantized } }
}
