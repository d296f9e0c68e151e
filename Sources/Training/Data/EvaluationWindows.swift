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
    /// How many windows there are.
    private let all: Int
    /// How many of them are taken.
    private let chosen: Int
    /// How many of those taken are as long as the context: all but perhaps the last.
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
        all = (tokens.count - 2) / contextLength + 1
        chosen = min(limit ?? all, all)
        let last = (chosen - 1) * all / chosen * contextLength
        fullWindows = last + contextLength <= tokens.count - 1 ? chosen : chosen - 1
    }

    /// The position at which a window starts, of those taken.
    private func start(_ index: Int) -> Int { index * all / chosen * contextLength }

    /// The number of batches.
    public var count: Int { (fullWindows + batchSize - 1) / batchSize + chosen - fullWindows }

    /// How many tokens all batches predict.
    public var scoredTokens: Int {
        fullWindows * contextLength + (fullWindows < chosen ? tokens.count - 1 - start(fullWindows) : 0)
    }

    /// - Parameter index: below ``count``.
    /// - Throws: ``InputError`` of kind `data` for an id outside the vocabulary.
    public func batch(_ index: Int) throws(InputError) -> TokenBatch {
        let first = index * batchSize
        let windows = first < fullWindows ? first..<min(first + batchSize, fullWindows) : fullWindows..<chosen
        let length = first < fullWindows ? contextLength : tokens.count - 1 - start(fullWindows)
        return try TokenBatch(tokens, starts: windows.map(start), length: length).checked(
            vocabularySize: vocabularySize)
    }

    /// The mean over all tokens of what `loss` says of each batch.
    func meanLoss(_ loss: (TokenBatch) throws(InputError) -> Double) throws(InputError) -> Double {
        var (sum, count) = (0.0, 0)
        for index in 0..<self.count {
            let tokens = try batch(index)
            sum += try loss(tokens) * Double(tokens.targets.count)
            count += tokens.targets.count
        }
        return sum / Double(max(count, 1))
    }
}
