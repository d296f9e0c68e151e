public import Tensors

/// Self-attention, attention to a memory, and a feed-forward network, each with a residual connection and a norm
/// (PyTorch's `TransformerDecoderLayer` with `batch_first`).
public struct TransformerDecoderLayer: Module {
    public var attention: MultiHeadAttention
    public var crossAttention: MultiHeadAttention
    public var feedForward: FeedForward
    public var norm1: LayerNorm
    public var norm2: LayerNorm
    public var norm3: LayerNorm
    /// As in ``TransformerEncoderLayer``.
    public let normFirst: Bool

    /// With fresh weights.
    ///
    /// - Parameter heads: a divisor of the channels.
    public init(
        _ channels: Int, heads: Int, options: TransformerLayerOptions = TransformerLayerOptions(),
        using generator: inout WeightGenerator
    ) {
        attention = options.attention(channels, heads: heads, using: &generator)
        crossAttention = options.attention(channels, heads: heads, using: &generator)
        feedForward = options.feedForward(channels, using: &generator)
        norm1 = options.norm(channels)
        norm2 = options.norm(channels)
        norm3 = options.norm(channels)
        normFirst = options.normFirst
    }

    /// - Parameters:
    ///   - x: [B, T, C] or [T, C].
    ///   - memory: what the encoder made, [B, S, C] or [S, C].
    ///   - mask: what each position of `x` may look at in `x`.
    ///   - memoryMask: what it may look at in the memory.
    ///   - layer: the layer's number, for taps; those of the attention to the memory are `isCross`.
    /// - Returns: the shape of `x`.
    public func callAsFunction(
        _ x: Tensor, memory: Tensor, mask: AttentionMask = .none, memoryMask: AttentionMask = .none,
        layer: Int? = nil, _ context: ForwardContext
    ) -> Tensor {
        let x = context.tap(.residualBefore, layer: layer, x)
        let y: Tensor
        if normFirst {
            let h = attention(norm1(x, context), mask: mask, adding: x, layer: layer, context)
            let m = crossAttention(
                norm2(h, context), memory: memory, mask: memoryMask, adding: h, layer: layer, context)
            y = feedForward(norm3(m, context), adding: m, layer: layer, context)
        } else {
            let h = norm1(attention(x, mask: mask, adding: x, layer: layer, context), context)
            let m = norm2(
                crossAttention(h, memory: memory, mask: memoryMask, adding: h, layer: layer, context), context)
            y = norm3(feedForward(m, adding: m, layer: layer, context), context)
        }
        return context.tap(.residualAfter, layer: layer, y)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("self_attn", &attention)
        visitor("multihead_attn", &crossAttention)
        feedForward.visit(&visitor)
        visitor("norm1", &norm1)
        visitor("norm2", &norm2)
        visitor("norm3", &norm3)
    }
}

/// Decoder layers one after another (PyTorch's `TransformerDecoder`).
public struct TransformerDecoder: Module {
    public var layers: [TransformerDecoderLayer]
    /// After the last layer, if there is one.
    public var norm: LayerNorm?

    /// With fresh weights, which differ from layer to layer.
    public init(
        _ channels: Int, heads: Int, layers count: Int, options: TransformerLayerOptions = TransformerLayerOptions(),
        finalNorm: Bool = false, using generator: inout WeightGenerator
    ) {
        layers = (0..<count).map { _ in
            TransformerDecoderLayer(channels, heads: heads, options: options, using: &generator)
        }
        norm = finalNorm ? options.norm(channels) : nil
    }

    /// - Parameters:
    ///   - x: [B, T, C] or [T, C].
    ///   - memory: what the encoder made, [B, S, C] or [S, C].
    ///   - mask: what each position of `x` may look at in `x`; causal in a model that generates.
    ///   - memoryMask: what it may look at in the memory.
    ///   - firstLayer: the first layer's number, for taps.
    /// - Returns: the shape of `x`.
    public func callAsFunction(
        _ x: Tensor, memory: Tensor, mask: AttentionMask = .none, memoryMask: AttentionMask = .none,
        firstLayer: Int = 0, _ context: ForwardContext
    ) -> Tensor {
        var x = x
        for (index, layer) in layers.enumerated() {
            x = layer(x, memory: memory, mask: mask, memoryMask: memoryMask, layer: firstLayer + index, context)
        }
        return norm.map { $0(x, context) } ?? x
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("layers", &layers)
        visitor("norm", &norm)
    }
}
