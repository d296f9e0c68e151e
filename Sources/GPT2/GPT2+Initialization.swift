internal import Layers
internal import Runtime
internal import Tensors

extension GPT2 {
    /// A network with fresh weights, as GPT-2 was started: normal with deviation 0.02, the projections that end on the
    /// residual stream with 0.02 / √(2 L) (Radford et al. 2019, section 2.3), norms 1, biases 0.
    ///
    /// - Parameter seed: the weights are a function of it and of the configuration.
    public init(_ configuration: GPT2Configuration, seed: UInt64) {
        var stream: UInt64 = 0
        func normal(_ shape: Shape, deviation: Double = 0.02) -> Tensor {
            stream += 1
            return Tensor.normal(shape, deviation: deviation, seed: seed, stream: stream).asParameter
        }
        func constant(_ value: Float, _ count: Int) -> Tensor {
            Tensor([Float](repeating: value, count: count), shape: Shape(count)).asParameter
        }
        let (channels, inner) = (configuration.channels, configuration.innerChannels)
        let onResidual = 0.02 / Double(2 * configuration.layers).squareRoot()
        func linear(_ inputs: Int, _ outputs: Int, deviation: Double = 0.02) -> Linear {
            Linear(
                weight: .inputsByOutputs(normal(Shape(inputs, outputs), deviation: deviation)),
                bias: constant(0, outputs))
        }
        func norm() -> LayerNorm {
            LayerNorm(
                gain: constant(1, channels), bias: constant(0, channels),
                epsilon: Float(configuration.layerNormEpsilon))
        }
        let table = Shape(configuration.vocabularySize, channels)
        self.configuration = configuration
        tokenEmbedding = Embedding(table: .outputsByInputs(normal(table)))
        positionEmbedding = PositionEmbedding(table: normal(Shape(configuration.contextLength, channels)))
        blocks = (0..<configuration.layers).map { layer in
            let attention = CausalSelfAttention(
                layer: layer, heads: configuration.heads, projection: linear(channels, 3 * channels),
                output: linear(channels, channels, deviation: onResidual),
                scale: configuration.attentionScale(layer: layer),
                dropout: (configuration.attentionDropout, configuration.residualDropout))
            let feedForward = FeedForward(
                inner: linear(channels, inner), activation: configuration.activation,
                output: linear(inner, channels, deviation: onResidual), dropout: configuration.residualDropout)
            return Block(layer: layer, norm1: norm(), attention: attention, norm2: norm(), feedForward: feedForward)
        }
        finalNorm = norm()
        untiedHead = configuration.tieWordEmbeddings ? nil : Linear(weight: .outputsByInputs(normal(table)))
    }
}
