package import Files

/// How the next tokens are guessed, so that one forward pass checks several of them: a pass over a few rows costs little
/// more than over one, because it reads each weight once.
///
/// The text is the same as without, token by token and bit by bit: a guess is taken only where it is the token that the
/// model chooses there itself, with that position's random number. Only the time differs. How many tokens are proposed
/// follows from how many came true: up to the number given, and hardly any where none does.
///
/// Source: Leviathan, Kalman and Matias, "Fast Inference from Transformers via Speculative Decoding" (arXiv:2211.17192);
/// Saxena, "Prompt Lookup Decoding" (2023).
public enum Speculation: Sendable, Equatable {
    /// One token a forward pass.
    case none
    /// What followed the last tokens where they stood before, in the prompt or in the text. For texts that repeat: it
    /// needs no other model, and costs nothing where nothing repeats.
    case promptLookup(upTo: Int = 8)
    /// What a smaller model says, with the same random numbers; it must have the same vocabulary. Where its context is
    /// shorter than the text, the rest is generated without it.
    case draft(GPT2Model, upTo: Int = draftSize)

    /// What it came to in a text.
    public struct Counts: Sendable, Equatable {
        /// Forward passes for the tokens after the first.
        public internal(set) var forwardPasses = 0
        /// Tokens that were guessed.
        public internal(set) var proposedTokens = 0
        /// Those that the model chose too.
        public internal(set) var acceptedTokens = 0
    }

    /// How many a draft proposes where nobody says: each costs a pass of the draft.
    public static let draftSize = 4

    func validate() throws(InputError) {
        switch self {
        case .none: break
        case .promptLookup(let size): try Self.validate(size, of: "prompt-lookup")
        case .draft(_, let size): try Self.validate(size, of: "draft-tokens")
        }
    }

    /// - Throws: ``InputError`` of kind `usage` that names the option if so many tokens make no sense.
    package static func validate(_ size: Int, of option: String) throws(InputError) {
        guard 1...64 ~= size else {
            throw InputError(
                .usage, "the value is \(size), but must be from 1 to 64", in: option,
                advice: "It is how many tokens are guessed at once, at most")
        }
    }

    /// Drafts are the same if they are one model in memory.
    public static func == (a: Speculation, b: Speculation) -> Bool {
        switch (a, b) {
        case (.none, .none): true
        case (.promptLookup(let a), .promptLookup(let b)): a == b
        case (.draft(let a, let sizeA), .draft(let b, let sizeB)): a === b && sizeA == sizeB
        case (.none, _), (.promptLookup, _), (.draft, _): false
        }
    }
}
