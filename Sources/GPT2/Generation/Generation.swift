public import Files
internal import Runtime
internal import Tensors
public import Tokenizers

/// A text that is being generated, one token a call, on the thread that calls.
///
///     let generation = try Generation(model, prompt: tokens)
///     while let piece = try generation.next() { print(piece.text, terminator: "") }
///
/// From the second call of ``next()`` on, nothing is allocated but the text. In a Swift server or application use
/// ``GPT2Model/generate(_:options:)-(String,_)``, which does not occupy the caller's thread.
public final class Generation {
    public let promptTokens: [TokenID]
    /// The generated tokens so far.
    public var tokens: [TokenID] { Array(text[promptTokens.count...]) }
    public let seed: UInt64
    public private(set) var timings = Completion.Timings()

    /// The prompt and the generated tokens.
    private var text: [TokenID]
    private let model: GPT2Model
    private let options: GenerationOptions
    /// The most tokens that this text can have.
    private let limit: Int
    private let cache: KVCache
    private let context: ForwardContext
    private var batch = ForwardBatch()
    private var speculator: Speculator
    /// What the last forward pass says comes after the text and each proposed token; nil once no row is left that holds.
    private var logits: Tensor?
    private var sampler: Sampler
    private let philox: Philox
    private var delivery: TextDelivery?
    private var reuse: PromptReuse?
    private var isFinished = false

    /// Prepares to continue token ids.
    ///
    /// - Parameters:
    ///   - tokens: empty ones start from the model's end-of-text token.
    ///   - promptCache: a file from which the keys and values of what its prompt and this one begin with alike are taken, and
    ///     into which ``savePrompt()`` writes this one's. It need not be there yet. The text is the same with and without.
    /// - Throws: ``InputError`` of kind `usage` for an option that makes no sense, an id outside the vocabulary, stop texts
    ///   for a model without a tokenizer, or an empty prompt for a model without an end-of-text token; of kind `data` for
    ///   a prompt longer than the context, memory that the system does not give, or a file that is not a prompt cache of
    ///   this model; of kind `missing` for a file that cannot be read, or a folder that is not there.
    public init(
        _ model: GPT2Model, prompt tokens: [TokenID], options: GenerationOptions = GenerationOptions(),
        promptCache: String? = nil
    ) throws(InputError) {
        sampler = try Sampler(options, vocabularySize: model.configuration.vocabularySize)
        promptTokens = try model.promptTokens(tokens)
        if model.tokenizer == nil, !options.stop.isEmpty {
            throw InputError(
                .usage, "the model has no tokenizer, so stop texts cannot be found", in: "stop",
                advice: "Leave them out")
        }
        self.model = model
        self.options = options
        // The last token is never fed back, so it needs no position.
        limit = min(options.maxTokens, model.configuration.contextLength - promptTokens.count + 1)
        cache = try model.network.cache(for: promptTokens.count + limit - 1)
        context = ForwardContext(team: model.team)
        seed = options.seed ?? UInt64.random(in: .min ... .max)
        philox = Philox(seed: seed)
        delivery = model.tokenizer.map { TextDelivery($0, stop: options.stop) }
        text = promptTokens
        text.reserveCapacity(promptTokens.count + limit)
        speculator = try Speculator(options, for: model, philox: philox, capacity: cache.capacity, context)
        if let promptCache {
            let clock = ContinuousClock()
            let start = clock.now
            reuse = try PromptReuse(path: promptCache, promptTokens, cache, model)
            timings.prefillSeconds = (clock.now - start) / .seconds(1)
            timings.cachedTokens = cache.count
        }
    }

    /// Prepares to continue a text.
    ///
    /// - Throws: as the other initializer, and ``InputError`` of kind `usage` if the model has no tokenizer.
    public convenience init(
        _ model: GPT2Model, prompt: String, options: GenerationOptions = GenerationOptions(),
        promptCache: String? = nil
    ) throws(InputError) {
        try self.init(model, prompt: model.promptTokens(prompt), options: options, promptCache: promptCache)
    }

    /// Generates the next token.
    ///
    /// - Returns: nil once the text is finished.
    /// - Throws: ``InputError`` of kind `data` if the model gives logits that are not numbers.
    public func next() throws(InputError) -> GeneratedPiece? {
        while true {
            switch try step() {
            case .prefilled: continue
            case .generated(let piece): return piece
            case .finished: return nil
            }
        }
    }

    package enum Step: Sendable {
        /// A part of the prompt was read, and more is left.
        case prefilled
        case generated(GeneratedPiece)
        case finished
    }

    /// Does as much as one turn should: a chunk of the prompt, or one token.
    package func step() throws(InputError) -> Step {
        if isFinished { return .finished }
        let clock = ContinuousClock()
        let start = clock.now
        let isPrefill = isPrompt
        let sample: Sampler.Sample?
        do throws(InputError) {
            sample = try advance()
            if isPrefill { try reuse?.check(cache) }
        } catch {
            isFinished = true  // the cache is ahead of the text now
            throw error
        }
        let seconds = (clock.now - start) / .seconds(1)
        if isPrefill {
            timings.prefillSeconds += seconds
            timings.prefillTokens = cache.count - timings.cachedTokens
        } else {
            timings.decodeSeconds += seconds
            timings.decodeTokens += 1
        }
        timings.speculation = speculator.outcome
        guard let sample else { return .prefilled }
        return .generated(deliver(sample))
    }

    /// Whether nothing is generated yet.
    private var isPrompt: Bool { text.count == promptTokens.count }

    /// Saves the keys and values of the prompt in the prompt cache's file, unless it holds them already, or the prompt has not
    /// been read to its end yet. A longer prompt that begins with this one stays; another one is replaced.
    ///
    /// - Throws: ``InputError`` of kind `missing` if the file cannot be written, `data` if something else is there by now; it
    ///   then stays as it was.
    public func savePrompt() throws(InputError) {
        if !isPrompt { try reuse?.save(promptTokens, cache, model) }
    }

    /// Chooses the next token, with a forward pass unless the last one holds it.
    ///
    /// - Returns: nil if there is more of the prompt to read.
    private func advance() throws(InputError) -> Sampler.Sample? {
        if logits == nil { try forward() }
        guard let logits else { return nil }
        // The random number belongs to the position, so a text can be taken up anywhere and goes on alike.
        let uniform = philox.uniform(at: UInt64(text.count))
        let (row, size) = (speculator.accepted, model.configuration.vocabularySize)
        let sample = try logits.withUnsafeValues { values throws(InputError) in
            try sampler.sample(values.extracting(row * size..<(row + 1) * size), uniform: uniform)
        }
        if !speculator.accept(sample.token) { self.logits = nil }
        return sample
    }

    /// Reads what was not read yet, and what is proposed after it. There are logits afterwards, unless more of the prompt is
    /// left.
    private func forward() throws(InputError) {
        let isPrompt = isPrompt
        // What did not come true is forgotten.
        cache.truncate(to: min(cache.count, text.count - 1))
        if !isPrompt { try speculator.propose(after: text, room: cache.capacity - text.count) }
        // A proposal stands in the text only while it is read.
        text += speculator.proposal
        defer { text.removeLast(speculator.proposal.count) }
        batch.removeAll()
        try batch.append(text[cache.count...].prefix(GPT2.chunkLength), to: cache)
        if cache.count + batch.tokens.count < text.count {
            _ = model.network.hiddenStates(batch, rows: .none, context)
        } else {
            logits = model.network.logits(batch, rows: isPrompt ? .last : .all, context)
        }
    }

    private func deliver(_ sample: Sampler.Sample) -> GeneratedPiece {
        text.append(sample.token)
        let isEnd = model.endOfText.contains(sample.token)
        var shown = isEnd ? "" : delivery?.append(sample.token) ?? ""
        let reason: Completion.FinishReason? =
            if isEnd, !options.ignoreEndOfText {
                .endOfText
            } else if delivery?.isStopped == true {
                .stop
            } else if text.count == promptTokens.count + limit {
                .length
            } else {
                nil
            }
        guard let reason else {
            return GeneratedPiece(
                text: shown, token: sample.token, probability: sample.probability, completion: nil)
        }
        isFinished = true
        if reason != .stop { shown += delivery?.finish() ?? "" }
        return GeneratedPiece(
            text: shown, token: sample.token, probability: sample.probability, completion: completion(reason))
    }

    private func completion(_ reason: Completion.FinishReason) -> Completion {
        let contextLength = model.configuration.contextLength
        let isFull = reason == .length && limit < options.maxTokens
        return Completion(
            text: delivery?.text, promptTokens: promptTokens, tokens: tokens, finishReason: reason,
            note: isFull ? "The context of \(contextLength) tokens is full, so the text ends here." : nil,
            seed: seed, timings: timings)
    }
}
