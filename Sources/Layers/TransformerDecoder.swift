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
    ///   - layer: the layer's number, for taps; those of the attention to the memory, of its norm and of the stream after
    ///     it are `isCross`.
    /// - Returns: the shape of `x`.
    public func callAsFunction(
        _ x: Tensor, memory: Tensor, mask: AttentionMask = .none, memoryMask: AttentionMask = .none,
        layer: Int? = nil, _ context: ForwardContext
    ) -> Tensor {
        let x = context.tap(.residualBefore, layer: layer, x)
        let y: Tensor
        if normFirst {
            let a = norm1.ofAttention(x, layer: layer, context)
            let h = context.tap(
                .residualMiddle, layer: layer, attention(a, mask: mask, adding: x, layer: layer, context))
            let b = norm2.ofAttention(h, layer: layer, isCross: true, context)
            let found = crossAttention(b, memory: memory, mask: memoryMask, adding: h, layer: layer, context)
            let m = context.tap(.residualMiddle, layer: layer, isCross: true, found)
            y = feedForward(norm3.ofFeedForward(m, layer: layer, context), adding: m, layer: layer, context)
        } else {
            let a = attention(x, mask: mask, adding: x, layer: layer, context)
            let h = context.tap(.residualMiddle, layer: layer, norm1.ofAttention(a, layer: layer, context))
            let found = crossAttention(h, memory: memory, mask: memoryMask, adding: h, layer: layer, context)
            let normed = norm2.ofAttention(found, layer: layer, isCross: true, context)
            let m = context.tap(.residualMiddle, layer: layer, isCross: true, normed)
            y = norm3.ofFeedForward(feedForward(m, adding: m, layer: layer, context), layer: layer, context)
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
    ///   - recompute: whether a tape keeps only what enters each layer and makes the rest again in the backward pass.
    /// - Returns: the shape of `x`.
    public func callAsFunction(
        _ x: Tensor, memory: Tensor, mask: AttentionMask = .none, memoryMask: AttentionMask = .none,
        firstLayer: Int = 0, recompute: Bool = false, _ context: ForwardContext
    ) -> Tensor {
        var x = x
        for (index, layer) in layers.enumerated() {
            func run(_ x: Tensor, _ memory: Tensor, _ context: ForwardContext) -> Tensor {
                layer(x, memory: memory, mask: mask, memoryMask: memoryMask, layer: firstLayer + index, context)
            }
            x = recompute ? context.recomputed([x, memory]) { run($0[0], $0[1], $1) } : run(x, memory, context)
        }
        return norm?.ofStack(x, context) ?? x
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("layers", &layers)
        visitor("norm", &norm)
    }
}
