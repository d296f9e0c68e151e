public import Tensors

/// The encoder and decoder of "Attention is all you need" (Vaswani et al., arXiv:1706.03762), without embeddings and head
/// (PyTorch's `Transformer` with `batch_first`, whose state dictionary it loads).
///
///     let y = transformer(source, target, targetMask: .causal, context)
public struct Transformer: Module {
    public var encoder: TransformerEncoder
    public var decoder: TransformerDecoder

    /// With fresh weights as PyTorch starts them: Glorot's for all matrices.
    ///
    /// - Parameters:
    ///   - channels: C, the width of the residual stream.
    ///   - heads: a divisor of the channels.
    public init(
        _ channels: Int = 512, heads: Int = 8, encoderLayers: Int = 6, decoderLayers: Int = 6,
        options: TransformerLayerOptions = TransformerLayerOptions(), using generator: inout WeightGenerator
    ) {
        encoder = TransformerEncoder(
            channels, heads: heads, layers: encoderLayers, options: options, finalNorm: true, using: &generator)
        decoder = TransformerDecoder(
            channels, heads: heads, layers: decoderLayers, options: options, finalNorm: true, using: &generator)
        updateParameters { _, parameter in
            guard parameter.shape.rank == 2 else { return }
            parameter = generator.glorotUniform(parameter.shape[0], parameter.shape[1])
        }
    }

    /// The decoder's output, given what it has seen of the target so far.
    ///
    /// - Parameters:
    ///   - source: [B, S, C] or [S, C].
    ///   - target: [B, T, C] or [T, C].
    ///   - sourceMask: what the source may look at in itself.
    ///   - targetMask: what the target may look at in itself; causal in a model that generates.
    ///   - memoryMask: what the target may look at in the encoded source: as a rule not at its padding.
    ///   - recompute: whether a tape keeps only what enters each layer and makes the rest again in the backward pass.
    /// - Returns: the shape of `target`. Taps count the decoder's layers on from the encoder's, and see the encoder's final
    ///   norm before the decoder's.
    public func callAsFunction(
        _ source: Tensor, _ target: Tensor, sourceMask: AttentionMask = .none, targetMask: AttentionMask = .none,
        memoryMask: AttentionMask = .none, recompute: Bool = false, _ context: ForwardContext
    ) -> Tensor {
        let memory = encoder(source, mask: sourceMask, recompute: recompute, context)
        return decoder(
            target, memory: memory, mask: targetMask, memoryMask: memoryMask, firstLayer: encoder.layers.count,
            recompute: recompute, context)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("encoder", &encoder)
        visitor("decoder", &decoder)
    }
}
