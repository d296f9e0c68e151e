internal import Files
internal import Runtime
internal import Tensors
internal import Tokenizers

/// Adds up how unlikely a model finds the tokens of documents, with a window that slides over each.
struct SlidingScore {
    /// The sum of the negative log-likelihoods.
    private(set) var nats = 0.0
    /// How many tokens are scored.
    private(set) var tokens = 0

    private let model: GPT2Model
    private let windowLength: Int
    private let stride: Int
    private let context: ForwardContext
    private var batch = ForwardBatch()
    /// The document's tokens, but for some that the window has left behind.
    private var document: [TokenID] = []
    /// Where the window starts in them.
    private var start = 0
    /// How many of the window's tokens are scored or given.
    private var known = 0
    /// Rows of logits that are in memory at once.
    private static let rows = 64
    private var losses = [Double](repeating: 0, count: rows)

    init(_ model: GPT2Model, stride: Int) {
        self.model = model
        self.stride = stride
        windowLength = model.configuration.contextLength
        context = ForwardContext(team: model.team)
    }

    /// Starts a document from a token that is not scored.
    mutating func begin(with token: TokenID) {
        document = [token]
        start = 0
        known = 1
    }

    /// Adds a document's next tokens. One that was not begun starts from its first.
    mutating func append(_ more: [TokenID], afterWindow: (_ tokens: Int) -> Void) throws(InputError) {
        document += more
        if known == 0, !document.isEmpty { known = 1 }
        while document.count - start > windowLength {
            try scoreWindow()
            start += stride
            known -= stride
            afterWindow(tokens)
        }
        // Once for all windows: each removal moves what is left.
        document.removeFirst(start)
        start = 0
    }

    /// Scores what is left and ends the document.
    mutating func finish(afterWindow: (_ tokens: Int) -> Void) throws(InputError) {
        if document.count > known {
            try scoreWindow()
            afterWindow(tokens)
        }
        document.removeAll(keepingCapacity: true)
        known = 0
    }

    /// Scores the tokens after those known, as far as the context reaches: its last token only is predicted, not read.
    private mutating func scoreWindow() throws(InputError) {
        let window = document[start...].prefix(windowLength + 1)
        let end = window.count
        let cache = try model.network.cache(for: end - 1)
        try model.network.prefill(window.prefix(known - 1), into: cache, context)
        while known < end {
            let targets = window.dropFirst(known).prefix(Self.rows)
            batch.removeAll()
            try batch.append(window.dropFirst(known - 1).prefix(targets.count), to: cache)
            try add(model.network.logits(batch, rows: .all, context), targets)
            known += targets.count
        }
    }

    private mutating func add(_ logits: Tensor, _ targets: ArraySlice<TokenID>) throws(InputError) {
        targets.withUnsafeBufferPointer { targets in
            losses.withUnsafeMutableBufferPointer { losses in
                context.team.run(LossTask(logits: logits, targets: targets, losses: losses))
            }
        }
        let sum = losses[..<targets.count].reduce(0, +)
        guard sum.isFinite else {
            throw InputError(
                .data, "the model gives logits that are not numbers, or a token no probability at all",
                in: model.source.place, advice: "Its weights are damaged or overflow: download or convert them again")
        }
        nats += sum
        tokens += targets.count
    }
}

/// The negative log-likelihood of each row's target, in double precision.
private struct LossTask: TeamTask {
    let logits: Tensor
    let targets: UnsafeBufferPointer<TokenID>
    let losses: UnsafeMutableBufferPointer<Double>

    func run(part: Int, of parts: Int) {
        let vocabulary = logits.shape[1]
        logits.withUnsafeValues { logits in
            for i in targets.count * part / parts..<targets.count * (part + 1) / parts {
                let row = UnsafeBufferPointer(rebasing: logits[i * vocabulary..<(i + 1) * vocabulary])
                losses[i] = Double.logSumExp(row) - Double(row[targets[i]])
            }
        }
    }
}
