import Layers
import Tensors
import Testing

@Suite("Where the text is loose: the Transformer block")
struct TransformerBlockTests {
    private let x = Tensor.normal(Shape(2, 5, 8), seed: 1)

    private var block: TransformerBlock {
        var generator = WeightGenerator(seed: 3)
        return TransformerBlock(8, heads: 2, using: &generator)
    }

    @Test("6: the paper's layer adds h the second time") func addsH() {
        let context = ForwardContext()
        var paper = block
        paper.addsInputTwice = false
        #expect(paper(x, context).values != block(x, context).values)

        // The layer of 2017, with a feed-forward network that computes the same fc: relu(fc) - relu(-fc).
        var generator = WeightGenerator(seed: 0)
        let options = TransformerLayerOptions(innerChannels: 16)
        var layer = TransformerEncoderLayer(8, heads: 2, options: options, using: &generator)
        layer.attention = paper.attention
        let fc = paper.fc.parameters.map(\.tensor)
        layer.feedForward.inner = Linear(
            weight: .outputsByInputs(Tensor(fc[0].values + fc[0].values.map { -$0 }, shape: Shape(16, 8))),
            bias: Tensor(fc[1].values + fc[1].values.map { -$0 }, shape: Shape(16)))
        let both = (0..<128).map { i -> Float in i % 16 == i / 16 ? 1 : i % 16 == i / 16 + 8 ? -1 : 0 }
        layer.feedForward.output = Linear(weight: .outputsByInputs(Tensor(both, shape: Shape(8, 16))))
        #expect(layer(x, context).values == paper(x, context).values)
    }

    @Test("6: norms first keep a path on which x reaches the end unchanged") func normFirst() {
        let context = ForwardContext()
        for normFirst in [true, false] {
            var generator = WeightGenerator(seed: 0)
            let options = TransformerLayerOptions(innerChannels: 16, normFirst: normFirst)
            var layer = TransformerEncoderLayer(8, heads: 2, options: options, using: &generator)
            layer.attention.output.updateParameters { _, tensor in tensor = .zeros(tensor.shape) }
            layer.feedForward.output.updateParameters { _, tensor in tensor = .zeros(tensor.shape) }
            #expect((layer(x, context).values == x.values) == normFirst)
        }
    }

    @Test("6: read as sequence-first, [B, T, D] attends across the batch") func acrossTheBatch() {
        let context = ForwardContext()
        let other = changed(x, rows: 5..<10)  // the second sequence
        func firstSequence(_ y: Tensor) -> [Float] { Array(y.values[..<40]) }
        let printed = { (x: Tensor) in exchanged(block(exchanged(x, context), context), context) }
        #expect(firstSequence(printed(x)) != firstSequence(printed(other)), "one text reads another")
        #expect(firstSequence(block(x, context)) == firstSequence(block(other, context)))
    }
}
