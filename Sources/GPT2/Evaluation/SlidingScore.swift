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
    /// The document's tokens from the window's first on.
    private var window: [TokenID] = []
    /// Of these, how many are scored or given.
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
        window = [token]
        known = 1
    }

    /// Adds a document's next tokens. One that was not begun starts from its first.
    mutating func append(_ more: [TokenID], afterWindow: (_ tokens: Int) -> Void) throws(InputError) {
        window += more
        if known == 0, !window.isEmpty { known = 1 }
        while window.count > windowLength {
            try scoreWindow()
            window.removeFirst(stride)
            known -= stride
            afterWindow(tokens)
        }
    }

    /// Scores what is left and ends the document.
    mutating func finish(afterWindow: (_ tokens: Int) -> Void) throws(InputError) {
        if window.count > known {
            try scoreWindow()
            afterWindow(tokens)
        }
        window.removeAll(keepingCapacity: true)
        known = 0
    }

    /// Scores the tokens after those known, as far as the context reaches: its last token only is predicted, not read.
    private mutating func scoreWindow() throws(InputError) {
        let end = min(window.count, windowLength + 1)
        let cache = KVCache(for: model.network, capacity: end - 1)
        try model.network.prefill(window[..<(known - 1)], into: cache, context)
        while known < end {
            let targets = window[known..<end].prefix(Self.rows)
            batch.removeAll()
            try batch.append(window[known - 1..<known - 1 + targets.count], to: cache)
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
