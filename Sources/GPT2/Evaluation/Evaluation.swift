public import Files
internal import Tokenizers

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// How well a model predicts a text.
public struct Evaluation: Sendable {
    /// Mean negative log-likelihood of a token, in nats.
    public let loss: Double
    /// How many tokens were scored.
    public let tokens: Int
    /// The size of the file.
    public let bytes: Int
    /// What was done, in words, so that the numbers can be compared with others.
    public let protocolDescription: String

    /// e to the power of the loss.
    public var perplexity: Double { exp(loss) }
    /// The negative log-likelihood of the whole text in bits, divided by the bytes of the file.
    public var bitsPerByte: Double { loss * Double(tokens) / log(2) / Double(bytes) }

    /// How far an evaluation has come.
    public struct Progress: Sendable {
        /// How many tokens are scored.
        public let tokens: Int
        /// The scored part of the text, from 0 to 1; estimated from the bytes that were read.
        public let fraction: Double
        public let tokensPerSecond: Double
        public let secondsLeft: Double
    }
}

extension GPT2Model {
    /// Scores every token of a text once.
    ///
    /// A line that is exactly `<|endoftext|>` separates documents. Each document is read by itself: it starts from the
    /// end-of-text token, which is given and not scored, and the token that ends it is scored. A window as long as the
    /// context slides over it by `stride` tokens, and in each window the tokens are scored that no earlier one scored: all
    /// but the first few have at least context - stride tokens before them. For a model without an end-of-text token the
    /// whole text is one document, whose first token is given.
    ///
    /// Runs on the calling thread. Memory does not grow with the file.
    ///
    /// - Parameters:
    ///   - path: a text file; any bytes.
    ///   - stride: from 1 to the context's length; nil for half of it.
    ///   - progress: called after each window.
    /// - Throws: ``InputError`` of kind `missing` if the file cannot be read, `usage` for a stride out of range or a model
    ///   without a tokenizer, `data` for a text with nothing to score or a model that gives no numbers.
    public func evaluate(
        textFile path: String, stride: Int? = nil, progress: (Evaluation.Progress) -> Void = { _ in }
    ) throws(InputError) -> Evaluation {
        let length = configuration.contextLength
        let stride = stride ?? max(length / 2, 1)
        guard (1...length).contains(stride) else {
            throw InputError(
                .usage, "the stride is \(stride), but must be from 1 to the context's length, \(length)", in: "stride",
                advice: "Leave it out for half the context")
        }
        guard let tokenizer else {
            throw InputError(
                .usage, "the model has no tokenizer, so it cannot read text", in: source.place,
                advice: "Put tokenizer.json, or vocab.json and merges.txt, into the folder")
        }
        let file = try MappedFile(path: path)
        let start = startToken
        var score = SlidingScore(self, stride: stride)
        var documents = DocumentReader(file, splitting: start != nil, for: tokenizer)
        let clock = ContinuousClock()
        let began = clock.now
        var encoded = 0
        func report(tokens: Int) {
            let seconds = (clock.now - began) / .seconds(1)
            let fraction = Double(tokens) / Double(encoded) * Double(documents.position) / Double(file.count)
            progress(
                Evaluation.Progress(
                    tokens: tokens, fraction: fraction, tokensPerSecond: Double(tokens) / seconds,
                    secondsLeft: seconds * (1 / fraction - 1)))
        }

        var isFirstPart = true
        while let part = documents.next() {
            if isFirstPart, let start { score.begin(with: start) }
            let tokens = try configuration.checked(
                tokenizer.encodeExactly(
                    UnsafeRawBufferPointer(rebasing: file.bytes[part.range]), in: path, at: part.range.lowerBound),
                in: path)
            encoded += tokens.count + (part.endsDocument ? 1 : 0)
            try score.append(tokens, afterWindow: report)
            if part.endsDocument, let start { try score.append([start], afterWindow: report) }
            isFirstPart = part.endsDocument
            file.release(part.range)
            if isFirstPart { try score.finish(afterWindow: report) }
        }
        try score.finish(afterWindow: report)
        guard score.tokens > 0 else {
            throw InputError(.data, "the text has nothing to score", in: path, advice: "Give a longer text")
        }
        return Evaluation(
            loss: score.nats / Double(score.tokens), tokens: score.tokens, bytes: file.count,
            protocolDescription: protocolDescription(stride: stride))
    }

    private func protocolDescription(stride: Int) -> String {
        let start =
            startToken == nil
            ? "the first token is given and not scored"
            : "each document starts from the end-of-text token, which is given, and the token that ends it is scored"
        return "window of \(configuration.contextLength) tokens sliding by \(stride); every token scored once; \(start)"
    }
}
