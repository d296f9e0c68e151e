public import Files

/// The windows over a whole data set, one after another, so that every token but the first is predicted once.
///
/// Windows do not overlap, so a token is predicted from those before it in its window; the last window holds what is left
/// and may be shorter. It comes in a batch of its own.
public struct EvaluationWindows: Sendable {
    private let tokens: TokenSequence
    private let vocabularySize: Int
    private let batchSize: Int
    private let contextLength: Int
    /// The positions at which the windows start, in order.
    private let starts: [Int]
    /// How many of the windows are as long as the context.
    private let fullWindows: Int

    /// - Parameters:
    ///   - batchSize: the most windows in a batch, B.
    ///   - contextLength: the tokens of a window, T.
    ///   - limit: take only this many windows, evenly spread over the data.
    /// - Throws: ``InputError`` of kind `data` for fewer than two tokens.
    public init(
        _ tokens: TokenSequence, vocabularySize: Int, batchSize: Int, contextLength: Int, limit: Int? = nil
    ) throws(InputError) {
        precondition(batchSize > 0 && contextLength > 0 && limit ?? 1 > 0, "sizes must be positive")
        try tokens.checkHoldsWindow(of: 1, "validation")
        self.tokens = tokens
        self.vocabularySize = vocabularySize
        self.batchSize = batchSize
        self.contextLength = contextLength
        let all = (tokens.count - 2) / contextLength + 1
        let chosen = min(limit ?? all, all)
        starts = (0..<chosen).map { $0 * all / chosen * contextLength }
        let end = tokens.count - 1
        fullWindows = starts.count { $0 + contextLength <= end }
    }

    /// The number of batches.
    public var count: Int { (fullWindows + batchSize - 1) / batchSize + starts.count - fullWindows }

    /// How many tokens all batches predict.
    public var scoredTokens: Int {
        fullWindows * contextLength + starts[fullWindows...].reduce(0) { $0 + tokens.count - 1 - $1 }
    }

    /// - Parameter index: below ``count``.
    /// - Throws: ``InputError`` of kind `data` for an id outside the vocabulary.
    public func batch(_ index: Int) throws(InputError) -> TokenBatch {
        let first = index * batchSize
        let windows = first < fullWindows ? starts[first..<min(first + batchSize, fullWindows)] : starts[fullWindows...]
        let length = first < fullWindows ? contextLength : tokens.count - 1 - starts[fullWindows]
        return try TokenBatch(tokens, starts: Array(windows), length: length).checked(vocabularySize: vocabularySize)
    }
}
