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

    /// Which rows of a batch are asked for.
    public enum Rows: Sendable {
        /// None: the batch only fills its caches.
        case none
        /// The last new token of each sequence.
        case last
        /// Every new token.
        case all
    }

    /// The residual stream after the last block and the final norm, [rows asked for, C]; fills the caches of the batch.
    ///
    /// - Parameter recompute: whether a tape keeps only what enters each block and makes the rest again in the backward
    ///   pass.
    public func hiddenStates(
        _ batch: ForwardBatch, rows: Rows = .all, recompute: Bool = false, _ context: ForwardContext
    ) -> Tensor {
        batch.check(against: configuration)
        let tokens = tokenEmbedding(batch.tokens, context)
        let positions = positionEmbedding(batch.positions, context)
        var x = context.dropout(context.add(tokens, positions), rate: configuration.embeddingDropout)
        let asked = batch.rows(rows)
        // Other rows leave keys and values in the last block and end there, unless somebody looks on or they are few.
        let others = batch.tokens.count - (asked?.count ?? batch.tokens.count)
        let endsEarly = others >= 16 && batch.isCached && context.taps == nil && context.tape == nil
        for (layer, block) in blocks.enumerated() {
            let rows = endsEarly && layer == blocks.count - 1 ? asked : nil
            x =
                recompute
                ? context.recomputed(x) { block($0, batch, rows: rows, $1) } : block(x, batch, rows: rows, context)
        }
        batch.advanceCaches()
        let hidden = context.tap(.finalNorm, finalNorm(x, statistics: .finalNormStatistics, context))
        return endsEarly ? hidden : asked.map { context.gather($0, hidden) } ?? hidden
    }

    /// What the model says comes after each row, [rows asked for, V].
    ///
    /// A row's logits are the same bits whatever other sequences the batch holds, however its tokens were split into
    /// batches, and however many threads compute.
    public func logits(_ batch: ForwardBatch, rows: Rows = .last, _ context: ForwardContext) -> Tensor {
        context.tap(.logits, head(hiddenStates(batch, rows: rows, context), context))
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
