public import Files
internal import Runtime
public import Tokenizers

extension GPT2Model {
    /// Continues a text.
    ///
    ///     for try await piece in model.generate("Once upon a time") {
    ///         print(piece.text, terminator: "")
    ///     }
    ///
    /// The computation runs on a thread of its own and only when the next piece is asked for; several texts at once take
    /// turns: a token each, or up to 256 of a prompt. Cancelling the task ends the loop within one turn, and leaving the
    /// loop frees everything.
    ///
    /// - Parameter prompt: taken as text, special tokens in it too. An empty one starts from the end-of-text token.
    /// - Returns: the pieces of text; the last one has the whole ``Completion``. An ``InputError`` is thrown where the
    ///   first piece is asked for: of kind `usage` for options or a prompt that make no sense for this model, of kind `data`
    ///   for a prompt longer than the context or a model that gives no numbers.
    public func generate(_ prompt: String, options: GenerationOptions = GenerationOptions()) -> TextGeneration {
        TextGeneration { [self] () throws(InputError) in try Generation(self, prompt: prompt, options: options) }
    }

    /// Continues token ids, as ``generate(_:options:)-(String,_)`` continues a text; the model needs no tokenizer.
    public func generate(_ tokens: [TokenID], options: GenerationOptions = GenerationOptions()) -> TextGeneration {
        TextGeneration { [self] () throws(InputError) in try Generation(self, prompt: tokens, options: options) }
    }

    /// Continues a text and returns it when it is finished.
    ///
    ///     let story = try await model.complete("Once upon a time")
    ///     print(story.text ?? "", story.finishReason, story.seed)
    ///
    /// - Throws: as ``generate(_:options:)-(String,_)``, and `CancellationError` if the task is cancelled.
    public func complete(
        _ prompt: String, options: GenerationOptions = GenerationOptions()
    ) async throws -> Completion {
        try await generate(prompt, options: options).completion()
    }

    /// Continues token ids, as ``complete(_:options:)-(String,_)`` continues a text; the model needs no tokenizer.
    public func complete(
        _ tokens: [TokenID], options: GenerationOptions = GenerationOptions()
    ) async throws -> Completion {
        try await generate(tokens, options: options).completion()
    }
}

/// The pieces of a text, each generated when it is asked for. Each iteration generates anew.
public struct TextGeneration: AsyncSequence, Sendable {
    fileprivate let start: @Sendable () throws(InputError) -> Generation

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(session: GenerationSession(start))
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        /// Nil after the end.
        fileprivate var session: GenerationSession?

        /// - Returns: nil once the text is finished or the task is cancelled.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(InputError) -> GeneratedPiece? {
            while let session, !Task.isCancelled {
                do throws(InputError) {
                    switch try await session.step() {
                    case .prefilled: continue
                    case .generated(let piece): return piece
                    case .finished: self.session = nil
                    }
                } catch {
                    self.session = nil
                    throw error
                }
            }
            session = nil
            return nil
        }
    }

    fileprivate func completion() async throws -> Completion {
        for try await piece in self {
            if let completion = piece.completion { return completion }
        }
        throw CancellationError()
    }
}

/// Keeps a generation on the compute thread. One call is one turn there.
private actor GenerationSession {
    private let start: @Sendable () throws(InputError) -> Generation
    private var generation: Generation?

    init(_ start: @escaping @Sendable () throws(InputError) -> Generation) {
        self.start = start
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { ComputeThread.shared.asUnownedSerialExecutor() }

    func step() throws(InputError) -> Generation.Step {
        if let generation { return try generation.step() }
        let generation = try start()
        self.generation = generation
        return try generation.step()
    }
}
