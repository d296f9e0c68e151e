public import Files

/// How a text is generated.
public struct GenerationOptions: Sendable, Equatable {
    /// The most tokens to generate, at least 1. The context may end the text earlier.
    public var maxTokens: Int
    /// Divides the logits before a token is drawn: below 1 the likely tokens become likelier. 0 takes the likeliest token
    /// each time, as ``greedy`` does.
    public var temperature: Double
    /// Draws only from the k likeliest tokens, and from those as likely as the k-th; nil draws from all.
    public var topK: Int?
    /// Draws only from the likeliest tokens whose probabilities together reach p, above 0 and at most 1; nil draws from
    /// all. Applied after the temperature and ``topK``.
    public var topP: Double?
    /// The same seed and prompt give the same text; nil draws a fresh seed, which the ``Completion`` reports.
    public var seed: UInt64?
    /// Takes the likeliest token each time; of equally likely ones that with the lowest id.
    public var greedy: Bool
    /// Texts at which the generation ends. They are never shown, not even in part.
    public var stop: [String]
    /// Whether the text goes on after the model's end-of-text token, which is never shown.
    public var ignoreEndOfText: Bool
    /// How tokens are guessed ahead of the text. It changes no token, only the time.
    public var speculation: Speculation

    /// Sampling with temperature 0.8 from the 40 likeliest tokens, at most 200 of them.
    public init(
        maxTokens: Int = 200, temperature: Double = 0.8, topK: Int? = 40, topP: Double? = nil, seed: UInt64? = nil,
        greedy: Bool = false, stop: [String] = [], ignoreEndOfText: Bool = false, speculation: Speculation = .none
    ) {
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.seed = seed
        self.greedy = greedy
        self.stop = stop
        self.ignoreEndOfText = ignoreEndOfText
        self.speculation = speculation
    }

    /// - Throws: ``InputError`` of kind `usage` that names the first option whose value makes no sense.
    public func validate() throws(InputError) {
        guard maxTokens >= 1 else {
            throw Self.invalid("max-tokens", "\(maxTokens)", "at least 1", advice: "Leave it out for 200")
        }
        guard temperature >= 0, temperature.isFinite else {
            throw Self.invalid(
                "temperature", "\(temperature)", "a number of at least 0",
                advice: "Use 0 for the likeliest token each time, 1 for the model's own probabilities")
        }
        if let topK, topK < 1 {
            throw Self.invalid("top-k", "\(topK)", "at least 1", advice: "Leave it out to draw from all tokens")
        }
        if let topP, !(topP > 0 && topP <= 1) {
            throw Self.invalid("top-p", "\(topP)", "above 0 and at most 1", advice: "Use 1 to draw from all tokens")
        }
        try speculation.validate()
        guard !stop.contains(where: \.isEmpty) else {
            throw InputError(
                .usage, "a stop text is empty, which would end every text at once", in: "stop", advice: "Leave it out")
        }
    }

    private static func invalid(_ option: String, _ value: String, _ range: String, advice: String) -> InputError {
        InputError(.usage, "the value is \(value), but must be \(range)", in: option, advice: advice)
    }
}
