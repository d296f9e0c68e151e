public import Layers
internal import Tensors

/// A Transformer block with the norm before each part: x + attention(norm1(x)), then that + feedForward(norm2(that)).
public struct Block: Module {
    let layer: Int
    /// ln_1.
    public var norm1: LayerNorm
    /// attn.
    public var attention: CausalSelfAttention
    /// ln_2.
    public var norm2: LayerNorm
    /// mlp.
    public var feedForward: FeedForward

    func callAsFunction(_ input: Tensor, _ batch: ForwardBatch, _ context: ForwardContext) -> Tensor {
        var x = context.tap(.residualBefore, layer: layer, input)  // [R, C]
        let a = context.tap(.norm1, layer: layer, norm1(x, statistics: .norm1Statistics, layer: layer, context))
        x = context.tap(.residualMiddle, layer: layer, attention(a, adding: x, batch, context))
        let b = context.tap(.norm2, layer: layer, norm2(x, statistics: .norm2Statistics, layer: layer, context))
        return context.tap(.residualAfter, layer: layer, feedForward(b, adding: x, layer: layer, context))
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("ln_1", &norm1)
        visitor("attn", &attention)
        visitor("ln_2", &norm2)
        visitor("mlp", &feedForward)
    }
}
