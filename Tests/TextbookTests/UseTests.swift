import Layers
import Tensors
import TestSupport
import Testing

@Suite("Blocks are loaded, trained and looked into")
struct UseTests {
    private let text: [Int32] = (0..<64).map { $0 % 5 + 1 }

    private func model() -> LanguageModel {
        var generator = WeightGenerator(seed: 3)
        let options = TransformerLayerOptions(innerChannels: 64, dropout: 0.05, normFirst: true)
        return LanguageModel(vocabulary: 6, size: 32, heads: 4, layers: 2, options: options, using: &generator)
    }

    @Test func parametersAreLoadedByPath() throws {
        let folder = try TemporaryFolder()
        var generator = WeightGenerator(seed: 2)
        let path = "\(folder.path)/block.safetensors"
        try ResidualBlock(64, hidden: 256, using: &generator).save(to: path)
        let x = Tensor.normal(Shape(3, 64), seed: 1).asParameter
        let gradient = try #require(try gradients(of: path, for: x)[x])
        #expect(gradient.shape == x.shape && gradient.values.contains { $0 != 0 })
    }

    @Test func aLanguageModelLearnsItsText() throws {
        var model = model()
        let losses = try train(&model, on: text, steps: 150)
        #expect(losses[0] > 1.5 && losses[149] < 0.1, "\(losses[0]) to \(losses[149])")
        let next = generate(model, from: 3, count: 6, ForwardContext()) { logits in
            Int32(logits.indices.max { logits[$0] < logits[$1] } ?? 0)
        }
        #expect(next == [4, 5, 1, 2, 3, 4])
    }

    @Test func itsPatternsAreSeen() throws {
        let seen = try #require(pattern(of: model(), layer: 1, text: Array(text.prefix(8))))
        #expect(seen.shape == Shape(4, 8, 8))
        #expect(seen.row(0) == [1, 0, 0, 0, 0, 0, 0, 0], "the first word sees itself only")
    }

    @Test func withoutAttentionEachWordStandsAlone() {
        let model = model()
        let words = Array(text.prefix(8))
        #expect(logits(of: model, withoutAttentionOf: 0, text: words).values != model([words], ForwardContext()).values)
        // Words 0 and 5 are the same: attention is all that tells them apart.
        let taps = Taps()
        for layer in 0..<2 { taps.replace(TapPoint(.attentionOutput, layer: layer)) { .zeros($0.shape) } }
        let alone = model([words], ForwardContext(taps: taps))
        #expect(alone.row(0) == alone.row(5))
        let together = model([words], ForwardContext())
        #expect(together.row(0) != together.row(5))
    }
}
