public import Tokenizers

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What a model does at the last position of a prompt, layer by layer.
///
/// Norms are Euclidean. Encoded as JSON, its names are in snake case: see ``json()``.
public struct PromptInspection: Sendable, Encodable {
    public struct Token: Sendable, Encodable, Equatable {
        public let id: TokenID
        /// Nil where the model has no tokenizer; U+FFFD for what is not a whole character.
        public let text: String?
    }

    /// A token that may come next.
    public struct Guess: Sendable, Encodable {
        public let token: Token
        public let probability: Double
    }

    /// What a layer norm saw.
    public struct Norm: Sendable, Encodable {
        public let mean: Double
        /// The standard deviation over the channels.
        public let deviation: Double
    }

    /// The head of a layer that looks at a position the most.
    public struct Look: Sendable, Encodable {
        /// The position looked at, counted from 0.
        public let position: Int
        /// Counted from 0.
        public let head: Int
        /// The attention weight, from 0 to 1.
        public let weight: Double
    }

    public struct Layer: Sendable, Encodable {
        /// Counted from 0.
        public let layer: Int
        /// The norm of the residual stream as it enters the block.
        public let residualNormBefore: Double
        /// The norm before attention, ln_1.
        public let norm1: Norm
        /// The norm of what attention adds to the residual stream.
        public let attentionOutputNorm: Double
        /// The norm before the feed-forward network, ln_2.
        public let norm2: Norm
        /// The norm of what the feed-forward network adds to the residual stream.
        public let feedForwardOutputNorm: Double
        /// The norm of the residual stream as it leaves the block.
        public let residualNormAfter: Double
        /// What the model would say if this were its last block, the likeliest first: the final norm and the head applied
        /// to the residual stream. Source: nostalgebraist, "Interpreting GPT: the logit lens" (2020).
        public let lens: [Guess]
        /// For each earlier position, the head that looks at it the most.
        public let looks: [Look]
    }

    public let prompt: [Token]
    public let layers: [Layer]
    /// The norm after the last block, ln_f.
    public let finalNorm: Norm
    /// What the model says comes next, the likeliest first.
    public let prediction: [Guess]

    /// One JSON object, on one line. Numbers that JSON cannot write are the texts "nan", "inf" and "-inf".
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}
