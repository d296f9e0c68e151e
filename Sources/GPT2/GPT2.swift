public import Layers
public import Tensors

/// GPT-2: a decoder-only Transformer with learned positions and norms before each part of a block (Radford et al.,
/// "Language Models are Unsupervised Multitask Learners", 2019; Hugging Face's `GPT2LMHeadModel` is the reference).
///
/// This is the one forward pass: training, generating, serving and inspecting run it with different contexts.
///
/// Shapes: R rows, all new tokens of all sequences of a batch; C channels; H heads of size D; F inner channels; V
/// vocabulary; P positions.
public struct GPT2: Sendable {
    public let configuration: GPT2Configuration
    /// transformer.wte, [V, C].
    public let tokenEmbedding: Embedding
    /// transformer.wpe, [P, C].
    public let positionEmbedding: PositionEmbedding
    /// transformer.h.
    public let blocks: [Block]
    /// transformer.ln_f.
    public let finalNorm: LayerNorm
    /// lm_head, [C, V]; shares the token embedding's table where the two are tied.
    public let head: Linear

    /// The residual stream after the last block and the final norm, [R, C]; fills the caches of the batch.
    public func hiddenStates(_ batch: ForwardBatch, _ context: ForwardContext) -> Tensor {
        for span in batch.spans {
            let cache = span.cache
            precondition(
                (cache.layers, cache.heads, cache.headSize)
                    == (configuration.layers, configuration.heads, configuration.headSize),
                "the cache was made for another model")
            precondition(cache.count == span.firstPosition, "the cache has moved on since the batch was put together")
        }
        let tokens = context.tap(.tokenEmbedding, tokenEmbedding(batch.tokens, context))
        let positions = context.tap(.positionEmbedding, positionEmbedding(batch.positions, context))
        var x = context.add(tokens, positions)
        for block in blocks { x = block(x, batch, context) }
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
}

/// A Transformer block with the norm before each part: x + attention(norm1(x)), then that + feedForward(norm2(that)).
public struct Block: Sendable {
    let layer: Int
    /// ln_1.
    public let norm1: LayerNorm
    /// attn.
    public let attention: CausalSelfAttention
    /// ln_2.
    public let norm2: LayerNorm
    /// mlp.
    public let feedForward: FeedForward

    func callAsFunction(_ input: Tensor, _ batch: ForwardBatch, _ context: ForwardContext) -> Tensor {
        var x = context.tap(.residualBefore, layer: layer, input)  // [R, C]
        let a = context.tap(.norm1, layer: layer, norm1(x, statistics: .norm1Statistics, layer: layer, context))
        x = context.tap(.residualMiddle, layer: layer, attention(a, adding: x, batch, context))
        let b = context.tap(.norm2, layer: layer, norm2(x, statistics: .norm2Statistics, layer: layer, context))
        return context.tap(.residualAfter, layer: layer, feedForward(b, adding: x, layer: layer, context))
    }
}

/// Each row looks at its own position and those before it, through H heads side by side.
public struct CausalSelfAttention: Sendable {
    let layer: Int
    let heads: Int
    /// c_attn, [C, 3C]: queries, keys and values in one.
    public let projection: Linear
    /// c_proj, [C, C].
    public let output: Linear
    /// Factor on the scores.
    public let scale: Float

    func callAsFunction(
        _ x: Tensor, adding residual: Tensor, _ batch: ForwardBatch, _ context: ForwardContext
    ) -> Tensor {
        let projections = tapProjections(projection(x, context), context)  // [R, 3C]
        context.storeKeysAndValues(projections, spans: batch.spans, layer: layer)
        var found = context.attention(projections, spans: batch.spans, layer: layer, scale: scale)  // [R, C]
        if context.isTapped(.headOutputs, layer: layer) {
            let byHead = Shape(found.shape[0], heads, found.shape[1] / heads)
            found = context.tap(.headOutputs, layer: layer, found.reshaped(byHead)).reshaped(found.shape)
        }
        if context.isTapped(.attentionOutput, layer: layer) {
            return context.add(context.tap(.attentionOutput, layer: layer, output(found, context)), residual)
        }
        return output(found, adding: residual, context)  // [R, C]
    }

    /// Shows queries, keys and values apart, [R, H, D] each, to whoever looks.
    private func tapProjections(_ projections: Tensor, _ context: ForwardContext) -> Tensor {
        guard context.taps != nil else { return projections }
        let sites: [TapPoint.Site] = [.query, .key, .value]
        guard sites.contains(where: { context.isTapped($0, layer: layer) }) else { return projections }
        let (rows, channels) = (projections.shape[0], projections.shape[1] / 3)
        let parts = sites.enumerated().map { i, site in
            let columns = context.columns(projections, i * channels..<(i + 1) * channels)
            return context.tap(site, layer: layer, columns.reshaped(Shape(rows, heads, channels / heads)))
        }
        return context.sideBySide(parts.map { $0.reshaped(Shape(rows, channels)) })
    }
}

/// W₂ activation(W₁ x + b₁) + b₂, for each row by itself.
public struct FeedForward: Sendable {
    /// c_fc, [C, F].
    public let inner: Linear
    public let activation: Activation
    /// c_proj, [F, C].
    public let output: Linear

    func callAsFunction(_ x: Tensor, adding residual: Tensor, layer: Int, _ context: ForwardContext) -> Tensor {
        var hidden: Tensor  // [R, F]
        if context.isTapped(.feedForwardInner, layer: layer) {
            hidden = context.activate(context.tap(.feedForwardInner, layer: layer, inner(x, context)), activation)
        } else {
            hidden = inner(x, activation: activation, context)
        }
        hidden = context.tap(.feedForwardActivated, layer: layer, hidden)
        if context.isTapped(.feedForwardOutput, layer: layer) {
            return context.add(context.tap(.feedForwardOutput, layer: layer, output(hidden, context)), residual)
        }
        return output(hidden, adding: residual, context)  // [R, C]
    }
}
