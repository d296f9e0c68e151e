import Layers
import Tensors
import Testing

@Suite("Fresh weights")
struct InitializationTests {
    private func spread(_ tensor: Tensor) -> (largest: Float, deviation: Double) {
        let squares = tensor.values.reduce(0.0) { $0 + Double($1) * Double($1) }
        return (tensor.values.reduce(0) { max($0, abs($1)) }, (squares / Double(tensor.shape.count)).squareRoot())
    }

    @Test func dependOnTheSeedAndOnTheirTurn() {
        func two(_ seed: UInt64) -> [[Float]] {
            var generator = WeightGenerator(seed: seed)
            return (0..<2).map { _ in Linear(8, 8, using: &generator).parameters.flatMap(\.tensor.values) }
        }
        #expect(two(1) == two(1))
        #expect(two(1) != two(2))
        #expect(two(1)[0] != two(1)[1])
    }

    @Test func linearIsUniformWithinTheRootOfItsInputs() throws {
        var generator = WeightGenerator(seed: 1)
        let linear = Linear(400, 100, using: &generator)
        for tensor in linear.parameters.map(\.tensor) {
            #expect(tensor.isParameter)
            #expect(spread(tensor).largest <= 0.05)
        }
        let weight = try #require(linear.weight.tensor)
        #expect(weight.shape == Shape(100, 400))
        #expect(abs(spread(weight).deviation - 0.05 / 3.0.squareRoot()) < 5e-4)
        #expect(Linear(4, 2, bias: false, using: &generator).bias == nil)
    }

    @Test func attentionIsGlorotWithoutBiases() throws {
        var generator = WeightGenerator(seed: 1)
        let attention = MultiHeadAttention(64, heads: 4, using: &generator)
        let weight = try #require(attention.projection.weight.tensor)
        let bound = (6.0 / 256).squareRoot()
        #expect(spread(weight).largest <= Float(bound))
        #expect(abs(spread(weight).deviation - bound / 3.0.squareRoot()) < 2e-3)
        #expect(attention.projection.bias?.values == [Float](repeating: 0, count: 192))
        #expect(attention.output.bias?.values == [Float](repeating: 0, count: 64))
        #expect(spread(try #require(attention.output.weight.tensor)).largest <= 0.125)
    }

    @Test func normsChangeNothingAtFirst() {
        let norm = LayerNorm(3)
        #expect(norm.gain.values == [1, 1, 1])
        #expect(norm.bias?.values == [0, 0, 0])
        #expect(LayerNorm(3, bias: false).parameters.map(\.path) == ["weight"])
        #expect(TextbookLayerNorm(3).parameters.map(\.path) == ["weight", "bias"])
    }

    @Test func embeddingsAreNormal() {
        var generator = WeightGenerator(seed: 1)
        #expect(abs(spread(Embedding(200, 100, using: &generator).parameters[0].tensor).deviation - 1) < 0.02)
        let positions = PositionEmbedding(200, 100, deviation: 0.02, using: &generator)
        #expect(abs(spread(positions.table).deviation - 0.02) < 5e-4)
    }

    @Test func layersOfAStackDiffer() {
        var generator = WeightGenerator(seed: 1)
        let options = TransformerLayerOptions(innerChannels: 16)
        let transformer = Transformer(
            8, heads: 2, encoderLayers: 2, decoderLayers: 2, options: options, using: &generator)
        let (encoder, decoder) = (transformer.encoder.layers, transformer.decoder.layers)
        #expect(
            encoder[0].feedForward.inner.weight.tensor?.values != encoder[1].feedForward.inner.weight.tensor?.values)
        #expect(
            decoder[0].crossAttention.output.weight.tensor?.values != decoder[1].attention.output.weight.tensor?.values)
        for (path, tensor) in transformer.parameters where tensor.shape.rank == 2 {
            let bound = Float((6.0 / Double(tensor.shape[0] + tensor.shape[1])).squareRoot())
            #expect(spread(tensor).largest <= bound, "\(path)")
        }
    }
}
