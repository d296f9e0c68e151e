internal import Layers
internal import Tensors

extension GPT2 {
    /// A network with fresh weights, as GPT-2 was started: normal with deviation 0.02, the projections that end on the
    /// residual stream with 0.02 / √(2 L) (Radford et al. 2019, section 2.3), norms 1, biases 0.
    ///
    /// - Parameter seed: the weights are a function of it and of the configuration.
    public init(_ configuration: GPT2Configuration, seed: UInt64) {
        var generator = WeightGenerator(seed: seed)
        let (channels, inner) = (configuration.channels, configuration.innerChannels)
        let onResidual = 0.02 / Double(2 * configuration.layers).squareRoot()
        func linear(_ inputs: Int, _ outputs: Int, deviation: Double = 0.02) -> Linear {
            Linear(
                weight: .inputsByOutputs(generator.normal(Shape(inputs, outputs), deviation: deviation)),
                bias: .parameter(0, count: outputs))
        }
        func norm() -> LayerNorm { LayerNorm(channels, epsilon: Float(configuration.layerNormEpsilon)) }
        func table() -> Weight {
            .outputsByInputs(generator.normal(Shape(configuration.vocabularySize, channels), deviation: 0.02))
        }
        self.configuration = configuration
        tokenEmbedding = Embedding(table: table())
        positionEmbedding = PositionEmbedding(
            configuration.contextLength, channels, deviation: 0.02, using: &generator)
        blocks = (0..<configuration.layers).map { layer in
            let attention = MultiHeadAttention(
                projection: linear(channels, 3 * channels), output: linear(channels, channels, deviation: onResidual),
                heads: configuration.heads, scale: configuration.attentionScale(layer: layer),
                dropout: configuration.attentionDropout, outputDropout: configuration.residualDropout)
            let feedForward = FeedForward(
                inner: linear(channels, inner), activation: configuration.activation,
                output: linear(inner, channels, deviation: onResidual), outputDropout: configuration.residualDropout)
            return Block(layer: layer, norm1: norm(), attention: attention, norm2: norm(), feedForward: feedForward)
        }
        finalNorm = norm()
        untiedHead = configuration.tieWordEmbeddings ? nil : Linear(weight: table())
    }
}
