import GPT2
import Tokenizers

/// What `generate --format json` writes.
struct CompletionDocument: Encodable {
    private let completion: Completion
    private let loadSeconds: Double
    private let isCached: Bool

    /// - Parameter isCached: whether there is a prompt cache to speak of.
    init(_ completion: Completion, loadSeconds: Double, isCached: Bool) {
        self.completion = completion
        self.loadSeconds = loadSeconds
        self.isCached = isCached
    }

    private enum Key: String, CodingKey {
        case text
        case promptTokens = "prompt_tokens"
        case cachedTokens = "prompt_tokens_cached"
        case tokens
        case finishReason = "finish_reason"
        case seed
        case timings
    }

    private enum TimingKey: String, CodingKey {
        case load = "load_s"
        case prefill = "prefill_s"
        case prefillRate = "prefill_tokens_per_s"
        case decode = "decode_s"
        case decodeRate = "decode_tokens_per_s"
        case forwardPasses = "decode_forward_passes"
        case proposed = "proposed_tokens"
        case accepted = "accepted_tokens"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        // Null, not left out, where the model has no tokenizer.
        try container.encode(completion.text, forKey: .text)
        try container.encode(completion.promptTokens, forKey: .promptTokens)
        if isCached { try container.encode(completion.timings.cachedTokens, forKey: .cachedTokens) }
        try container.encode(completion.tokens, forKey: .tokens)
        try container.encode(completion.finishReason.rawValue, forKey: .finishReason)
        try container.encode(completion.seed, forKey: .seed)
        var timings = container.nestedContainer(keyedBy: TimingKey.self, forKey: .timings)
        try timings.encode(loadSeconds, forKey: .load)
        try timings.encode(completion.timings.prefillSeconds, forKey: .prefill)
        try timings.encode(completion.timings.prefillTokensPerSecond, forKey: .prefillRate)
        try timings.encode(completion.timings.decodeSeconds, forKey: .decode)
        try timings.encode(completion.timings.decodeTokensPerSecond, forKey: .decodeRate)
        if let counts = completion.timings.speculation {
            try timings.encode(counts.forwardPasses, forKey: .forwardPasses)
            try timings.encode(counts.proposedTokens, forKey: .proposed)
            try timings.encode(counts.acceptedTokens, forKey: .accepted)
        }
    }
}
