public import Layers
internal import Tensors

/// A Transformer block with the norm before each part: x + attention(norm1(x)), then that + feedForward(norm2(that)).
public struct Block: Module {
    let layer: Int
    /// ln_1.
    public var norm1: LayerNorm
    /// attn: its projections are c_attn, [C, 3C], and c_proj, [C, C].
    public var attention: MultiHeadAttention
    /// ln_2.
    public var norm2: LayerNorm
    /// mlp: its maps are c_fc, [C, F], and c_proj, [F, C].
    public var feedForward: FeedForward

    /// - Parameter rows: those to make, where not all; the others only leave their keys and values in the caches.
    func callAsFunction(
        _ input: Tensor, _ batch: ForwardBatch, rows: [Int32]? = nil, _ context: ForwardContext
    ) -> Tensor {
        var x = context.tap(.residualBefore, layer: layer, input)  // [R, C]
        let a = context.tap(.norm1, layer: layer, norm1(x, statistics: .norm1Statistics, layer: layer, context))
        x = context.tap(.residualMiddle, layer: layer, attend(a, adding: x, batch, rows: rows, context))
        let b = context.tap(.norm2, layer: layer, norm2(x, statistics: .norm2Statistics, layer: layer, context))
        return context.tap(.residualAfter, layer: layer, feedForward(b, adding: x, layer: layer, context))
    }

    /// Each row looks at its own position and those before it: in caches where the batch has them, else in its own rows.
    private func attend(
        _ x: Tensor, adding residual: Tensor, _ batch: ForwardBatch, rows: [Int32]?, _ context: ForwardContext
    ) -> Tensor {
        if batch.isCached {
            let residual = rows.map { context.gather($0, residual) } ?? residual
            return attention(x, caches: batch.spans, rows: rows, adding: residual, layer: layer, context)
        }
        return attention(
            x, sequences: batch.wholeSequences, mask: .causal, adding: residual, layer: layer, context)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("ln_1", &norm1)
        visitor("attn.c_attn", &attention.projection)
        visitor("attn.c_proj", &attention.output)
        visitor("ln_2", &norm2)
        visitor("mlp.c_fc", &feedForward.inner)
        visitor("mlp.c_proj", &feedForward.output)
    }
}
