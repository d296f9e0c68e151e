public import Tokenizers

/// A finished text and how it came about.
public struct Completion: Sendable {
    /// What the model wrote after the prompt, without the end-of-text token and without any stop text; nil where the
    /// model has no tokenizer.
    public let text: String?
    /// The tokens that the model continued.
    public let promptTokens: [TokenID]
    /// The generated tokens, with the end-of-text token where it ended the text.
    public let tokens: [TokenID]
    public let finishReason: FinishReason
    /// What the user should know, as that the context was full; nil if nothing.
    public let note: String?
    /// The seed that gives this text again.
    public let seed: UInt64
    public let timings: Timings

    /// Why a text ended.
    public enum FinishReason: String, Sendable {
        /// It has as many tokens as were asked for, or as the context holds.
        case length
        /// A stop text came.
        case stop
        /// The model ended it.
        case endOfText = "eos"
    }

    /// How long the computation took, without the time in which nobody asked for the next token.
    public struct Timings: Sendable {
        /// Seconds for the prompt and the first token.
        public internal(set) var prefillSeconds = 0.0
        /// Tokens of the prompt that were computed.
        public internal(set) var prefillTokens = 0
        /// Tokens of the prompt that were not, because a prompt cache's file has them.
        public internal(set) var cachedTokens = 0
        /// Seconds for the tokens after the first.
        public internal(set) var decodeSeconds = 0.0
        public internal(set) var decodeTokens = 0
        /// What guessing ahead came to; nil without it.
        public internal(set) var speculation: Speculation.Counts?

        /// Prompt tokens a second.
        public var prefillTokensPerSecond: Double { Self.rate(prefillTokens, prefillSeconds) }
        /// Tokens after the first a second; 0 if there are none.
        public var decodeTokensPerSecond: Double { Self.rate(decodeTokens, decodeSeconds) }

        private static func rate(_ count: Int, _ seconds: Double) -> Double {
            seconds > 0 ? Double(count) / seconds : 0
        }
    }
}

/// One token's worth of a text that is being generated.
public struct GeneratedPiece: Sendable {
    /// The text that is complete now. Empty where the token ends inside a character, or could begin a stop text; a later
    /// piece then has it. Together the pieces are the completion's text.
    public let text: String
    public let token: TokenID
    /// The token's probability as the model has it, before temperature and filters.
    public let probability: Float
    /// On the last piece, the whole.
    public let completion: Completion?
}
