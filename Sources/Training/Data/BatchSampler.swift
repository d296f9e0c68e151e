public import Files
internal import Runtime

/// Windows of tokens side by side: what a model is given, and what it is to predict.
public struct TokenBatch: Sendable, Equatable {
    /// The number of windows, B.
    public let rows: Int
    /// The tokens of a window, T.
    public let length: Int
    /// [B, T], row by row.
    public private(set) var inputs: [Int32]
    /// [B, T]: the token that follows each input.
    public private(set) var targets: [Int32]

    /// - Parameter starts: the position of each window's first input; the tokens reach one further than it is long.
    init(_ tokens: TokenSequence, starts: [Int], length: Int) {
        rows = starts.count
        self.length = length
        inputs = Array(repeating: 0, count: starts.count * length)
        targets = inputs
        for (row, start) in starts.enumerated() {
            let range = row * length..<(row + 1) * length
            inputs.withUnsafeMutableBufferPointer {
                tokens.copy(from: start, into: UnsafeMutableBufferPointer(rebasing: $0[range]))
            }
            targets.withUnsafeMutableBufferPointer {
                tokens.copy(from: start + 1, into: UnsafeMutableBufferPointer(rebasing: $0[range]))
            }
        }
    }

    /// One window whose targets nobody asks for.
    init(window: [Int32]) {
        rows = 1
        length = window.count
        inputs = window
        targets = [Int32](repeating: -1, count: window.count)
    }

    /// Files can change after they were scanned, and an id that the model does not have must never reach it.
    func checked(vocabularySize: Int) throws(InputError) -> TokenBatch {
        let largest = max(
            inputs.reduce(0) { max($0, UInt32(bitPattern: $1)) }, targets.reduce(0) { max($0, UInt32(bitPattern: $1)) })
        guard largest < vocabularySize else {
            throw InputError(
                .data,
                "a token file changed while it was read: it now holds the token \(largest), outside the vocabulary of "
                    + "\(vocabularySize) tokens",
                advice: "Leave token files alone while they are in use")
        }
        return self
    }
}

/// Draws training windows at random, with repetition, as nanoGPT's `get_batch` does.
///
/// Where a window starts depends on the seed, the step and its place in the step alone. A step of n micro-batches of B
/// rows has the windows of one batch of n · B rows: accumulation changes no data.
public struct BatchSampler: Sendable {
    public let tokens: TokenSequence
    public let vocabularySize: Int
    /// Windows in a micro-batch, B.
    public let batchSize: Int
    /// Tokens in a window, T.
    public let contextLength: Int
    private let seed: UInt64

    /// Keeps the positions apart from those of other random numbers of the same seed: "data" in ASCII.
    private static let firstStream: UInt64 = 0x6461_7461 << 32

    /// - Throws: ``InputError`` of kind `data` for fewer than T + 1 tokens.
    public init(
        _ tokens: TokenSequence, vocabularySize: Int, batchSize: Int, contextLength: Int, seed: UInt64
    ) throws(InputError) {
        precondition(batchSize > 0 && contextLength > 0)
        try tokens.checkHoldsWindow(of: contextLength, "training")
        self.tokens = tokens
        self.vocabularySize = vocabularySize
        self.batchSize = batchSize
        self.contextLength = contextLength
        self.seed = seed
    }

    /// The windows of a micro-batch.
    ///
    /// - Throws: ``InputError`` of kind `data` for an id outside the vocabulary.
    public func batch(step: Int, microBatch: Int = 0) throws(InputError) -> TokenBatch {
        let starts = (0..<batchSize).map { start(step: step, microBatch: microBatch, row: $0) }
        return try TokenBatch(tokens, starts: starts, length: contextLength).checked(vocabularySize: vocabularySize)
    }

    /// The position of a window's first token, uniform over all windows that have a target for each token.
    public func start(step: Int, microBatch: Int, row: Int) -> Int {
        let philox = Philox(seed: seed, stream: Self.firstStream + UInt64(step))
        let words = philox.words(at: UInt64(microBatch * batchSize + row))
        let number = UInt64(words.y) << 32 | UInt64(words.x)
        return Int(number.multipliedFullWidth(by: UInt64(tokens.count - contextLength)).high)
    }
}

extension TokenSequence {
    func checkHoldsWindow(of length: Int, _ purpose: String) throws(InputError) {
        guard count <= length else { return }
        throw InputError(
            .data,
            "the \(purpose) data has \(count) \(count == 1 ? "token" : "tokens"); a context of \(length) needs at least "
                + "\(length + 1)",
            advice: "Give more text or a shorter context")
    }
}
