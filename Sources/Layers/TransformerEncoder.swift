public import Tensors

/// Self-attention and a feed-forward network, each with a residual connection and a norm (PyTorch's
/// `TransformerEncoderLayer` with `batch_first`).
///
/// Norms after: h = norm1(x + attention(x)), y = norm2(h + feedForward(h)). Norms first: h = x + attention(norm1(x)),
/// y = h + feedForward(norm2(h)), where x reaches y unchanged but for what is added to it.
public struct TransformerEncoderLayer: Module {
    public var attention: MultiHeadAttention
    public var feedForward: FeedForward
    public var norm1: LayerNorm
    public var norm2: LayerNorm
    public let normFirst: Bool

    /// With fresh weights.
    ///
    /// - Parameter heads: a divisor of the channels.
    public init(
        _ channels: Int, heads: Int, options: TransformerLayerOptions = TransformerLayerOptions(),
        using generator: inout WeightGenerator
    ) {
        attention = options.attention(channels, heads: heads, using: &generator)
        feedForward = options.feedForward(channels, using: &generator)
        norm1 = options.norm(channels)
        norm2 = options.norm(channels)
        normFirst = options.normFirst
    }

    /// - Parameters:
    ///   - x: [B, T, C] or [T, C].
    ///   - mask: what each position may look at.
    ///   - layer: the layer's number, for taps.
    /// - Returns: the shape of `x`.
    public func callAsFunction(
        _ x: Tensor, mask: AttentionMask = .none, layer: Int? = nil, _ context: ForwardContext
    ) -> Tensor {
        let x = context.tap(.residualBefore, layer: layer, x)
        let y: Tensor
        if normFirst {
            let a = norm1.ofAttention(x, layer: layer, context)
            let sum = attention(a, mask: mask, adding: x, layer: layer, context)
            let h = context.tap(.residualMiddle, layer: layer, sum)
            let b = norm2.ofFeedForward(h, layer: layer, context)
            y = feedForward(b, adding: h, layer: layer, context)
        } else {
            let sum = attention(x, mask: mask, adding: x, layer: layer, context)
            let h = context.tap(.residualMiddle, layer: layer, norm1.ofAttention(sum, layer: layer, context))
            y = norm2.ofFeedForward(feedForward(h, adding: h, layer: layer, context), layer: layer, context)
        }
        return context.tap(.residualAfter, layer: layer, y)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("self_attn", &attention)
        feedForward.visit(&visitor)
        visitor("norm1", &norm1)
        visitor("norm2", &norm2)
    }
}

/// Encoder layers one after another (PyTorch's `TransformerEncoder`). With a causal mask it is a decoder-only language
/// model's body.
public struct TransformerEncoder: Module {
    public var layers: [TransformerEncoderLayer]
    /// After the last layer, if there is one: what norm-first layers need at their end.
    public var norm: LayerNorm?

    /// With fresh weights, which differ from layer to layer: PyTorch's `TransformerEncoder` copies one layer's.
    ///
    /// - Parameter finalNorm: whether a norm follows the last layer.
    public init(
        _ channels: Int, heads: Int, layers count: Int, options: TransformerLayerOptions = TransformerLayerOptions(),
        finalNorm: Bool = false, using generator: inout WeightGenerator
    ) {
        layers = (0..<count).map { _ in
            TransformerEncoderLayer(channels, heads: heads, options: options, using: &generator)
        }
        norm = finalNorm ? options.norm(channels) : nil
    }

    /// - Parameters:
    ///   - x: [B, T, C] or [T, C].
    ///   - mask: what each position may look at, in every layer.
    ///   - recompute: whether a tape keeps only what enters each layer and makes the rest again in the backward pass.
    /// - Returns: the shape of `x`.
    public func callAsFunction(
        _ x: Tensor, mask: AttentionMask = .none, recompute: Bool = false, _ context: ForwardContext
    ) -> Tensor {
        var x = x
        for (index, layer) in layers.enumerated() {
            x =
                recompute
                ? context.recomputed(x) { layer($0, mask: mask, layer: index, $1) }
                : layer(x, mask: mask, layer: index, context)
        }
        return norm?.ofStack(x, context) ?? x
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("layers", &layers)
        visitor("norm", &norm)
    }
}
