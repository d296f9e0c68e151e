public import Tensors

/// What Transformer layers have in common besides their width and heads; the defaults are PyTorch's.
public struct TransformerLayerOptions: Sendable {
    /// F, the width inside the feed-forward network.
    public var innerChannels: Int
    /// Between the feed-forward network's two maps; the paper's `relu`, or `gelu`.
    public var activation: Activation
    /// Of attention weights, of activated elements, and of what each part adds to the residual stream.
    public var dropout: Double
    /// Whether norms stand before each part, as in GPT-2, or after each sum, as in the paper of 2017.
    public var normFirst: Bool
    /// What layer norm adds to the variance, inside the root.
    public var layerNormEpsilon: Float
    /// Whether maps and norms have biases.
    public var bias: Bool

    public init(
        innerChannels: Int = 2048, activation: Activation = .relu, dropout: Double = 0.1, normFirst: Bool = false,
        layerNormEpsilon: Float = 1e-5, bias: Bool = true
    ) {
        self.innerChannels = innerChannels
        self.activation = activation
        self.dropout = dropout
        self.normFirst = normFirst
        self.layerNormEpsilon = layerNormEpsilon
        self.bias = bias
    }

    func norm(_ channels: Int) -> LayerNorm { LayerNorm(channels, bias: bias, epsilon: layerNormEpsilon) }

    func attention(_ channels: Int, heads: Int, using generator: inout WeightGenerator) -> MultiHeadAttention {
        MultiHeadAttention(
            channels, heads: heads, bias: bias, dropout: dropout, outputDropout: dropout, using: &generator)
    }

    func feedForward(_ channels: Int, using generator: inout WeightGenerator) -> FeedForward {
        FeedForward(
            channels, inner: innerChannels, activation: activation, bias: bias, innerDropout: dropout,
            outputDropout: dropout, using: &generator)
    }
}
