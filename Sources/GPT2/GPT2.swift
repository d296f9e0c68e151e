public import Layers
public import Tensors

/// GPT-2: a decoder-only Transformer with learned positions and norms before each part of a block (Radford et al.,
/// "Language Models are Unsupervised Multitask Learners", 2019; Hugging Face's `GPT2LMHeadModel` is the reference).
///
/// This is the one forward pass: training, generating, serving and inspecting run it with different contexts.
///
/// Shapes: R rows, all new tokens of all sequences of a batch; C channels; H heads of size D; F inner channels; V
/// vocabulary; P positions.
public struct GPT2: Module {
    public let configuration: GPT2Configuration
    /// transformer.wte, [V, C].
    public var tokenEmbedding: Embedding
    /// transformer.wpe, [P, C].
    public var positionEmbedding: PositionEmbedding
    /// transformer.h.
    public var blocks: [Block]
    /// transformer.ln_f.
    public var finalNorm: LayerNorm
    /// lm_head, [C, V], where it is not tied to the token embedding.
    public var untiedHead: Linear?

    /// What turns the last hidden state into logits, [C, V]: the token embedding's table where the two are tied.
    public var head: Linear { untiedHead ?? Linear(weight: tokenEmbedding.table) }

    /// The residual stream after the last block and the final norm, [R, C]; fills the caches of the batch.
    ///
    /// - Parameter recompute: whether a tape keeps only what enters each block and makes the rest again in the backward
    ///   pass.
    public func hiddenStates(
        _ batch: ForwardBatch, recompute: Bool = false, _ context: ForwardContext
    ) -> Tensor {
        batch.check(against: configuration)
        let tokens = tokenEmbedding(batch.tokens, context)
        let positions = positionEmbedding(batch.positions, context)
        var x = context.dropout(context.add(tokens, positions), rate: configuration.embeddingDropout)
        for block in blocks {
            x = recompute ? context.recomputed(x) { block($0, batch, $1) } : block(x, batch, context)
        }
        batch.advanceCaches()
        return context.tap(.finalNorm, finalNorm(x, statistics: .finalNormStatistics, context))
    }

    /// Which rows of a batch get logits.
    public enum LogitRows: Sendable {
        /// The last new token of each sequence: [sequences, V].
        case last
        /// Every new token: [R, V].
        case all
    }

    /// What the model says comes after each row: one logit for each token of the vocabulary.
    ///
    /// A row's logits are the same bits whatever other sequences the batch holds, however its tokens were split into
    /// batches, and however many threads compute.
    public func logits(_ batch: ForwardBatch, rows: LogitRows = .last, _ context: ForwardContext) -> Tensor {
        var hidden = hiddenStates(batch, context)
        if rows == .last { hidden = context.gather(batch.lastRows, hidden) }
        return context.tap(.logits, head(hidden, context))
    }

    /// The mean cross-entropy of what follows each row, [1], in nats.
    ///
    /// - Parameter targets: R ids; a negative one leaves its row out.
    public func loss(
        _ batch: ForwardBatch, targets: [Int32], recompute: Bool = false, _ context: ForwardContext
    ) -> Tensor {
        context.linearCrossEntropy(
            hiddenStates(batch, recompute: recompute, context), head.weight, targets: targets)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("transformer.wte", &tokenEmbedding)
        visitor("transformer.wpe", &positionEmbedding)
        visitor("transformer.h", &blocks)
        visitor("transformer.ln_f", &finalNorm)
        visitor("lm_head", &untiedHead)
    }
}
