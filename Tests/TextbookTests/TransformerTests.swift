import GPT2
import Layers
import Tensors
import Testing

@Suite("Where the text is loose: the Transformer and GPT-2")
struct TransformerTests {
    private var translator: Translator {
        var generator = WeightGenerator(seed: 3)
        return Translator(
            source: 11, target: 9, size: 8, heads: 2, encoderLayers: 2, decoderLayers: 2,
            options: TransformerLayerOptions(innerChannels: 12), using: &generator)
    }
    private let source: [[Int32]] = [[1, 2, 3, 4], [5, 6, 7, 8]]

    @Test("8: without a mask the decoder sees the word that it is to predict") func noMasks() {
        let context = ForwardContext()
        let (one, other): ([[Int32]], [[Int32]]) = ([[1, 2, 3], [4, 5, 6]], [[1, 2, 8], [4, 5, 6]])
        for mask in [AttentionMask.none, .causal] {
            let before = translator(source, one, targetMask: mask, context)
            let after = translator(source, other, targetMask: mask, context)
            #expect((before.row(0) == after.row(0)) == mask.isCausal)
            #expect((before.row(1) == after.row(1)) == mask.isCausal)
        }
    }

    @Test("8: without positions the order of the source is lost") func noPositions() {
        let context = ForwardContext()
        let target: [[Int32]] = [[1, 2, 3], [4, 5, 6]]
        let (a, b) = (translator(source, target, context), translator([[4, 2, 1, 3], [5, 6, 7, 8]], target, context))
        #expect(zip(a.values, b.values).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test("8: padding is padding with masks only") func padding() {
        let context = ForwardContext()
        let target: [[Int32]] = [[1, 2, 3], [4, 5, 6]]
        let mask = AttentionMask(padding: [[false, false, true, true], [false, false, false, false]])
        let (one, other): ([[Int32]], [[Int32]]) = ([[1, 2, 0, 0], [5, 6, 7, 8]], [[1, 2, 9, 9], [5, 6, 7, 8]])
        func run(_ source: [[Int32]], _ mask: AttentionMask) -> [Float] {
            translator(source, target, sourceMask: mask, memoryMask: mask, context).values
        }
        #expect(run(one, .none) != run(other, .none))
        #expect(run(one, mask) == run(other, mask))
    }

    @Test("8: the number of layers is said for each side") func layers() {
        var generator = WeightGenerator(seed: 3)
        let transformer = Transformer(
            8, heads: 2, encoderLayers: 1, options: TransformerLayerOptions(innerChannels: 12), using: &generator)
        #expect(transformer.encoder.layers.count == 1 && transformer.decoder.layers.count == 6)
    }

    private var small: GPT2Configuration {
        var configuration = GPT2Configuration()
        (configuration.vocabularySize, configuration.contextLength) = (13, 16)
        (configuration.channels, configuration.heads, configuration.layers, configuration.innerChannels) = (
            12, 3, 2, 48
        )
        return configuration
    }

    @Test("9: GPT-2 is an encoder stack with a causal mask, norms first, learned positions and a tied head")
    func decoderOnly() throws {
        var gpt2 = GPT2(small, seed: 1)
        // Weights in which everything shows.
        var stream: UInt64 = 0
        gpt2.updateParameters { path, tensor in
            stream += 1
            let noise = Tensor.normal(tensor.shape, deviation: 0.3, seed: 7, stream: stream)
            let isGain = path.hasSuffix("ln_1.weight") || path.hasSuffix("ln_2.weight") || path.hasSuffix("ln_f.weight")
            tensor = isGain ? Tensor(noise.values.map { $0 + 1 }, shape: tensor.shape) : noise
        }
        var generator = WeightGenerator(seed: 0)
        let options = TransformerLayerOptions(innerChannels: 48, activation: .geluNew, normFirst: true)
        var stack = TransformerEncoder(
            12, heads: 3, layers: 2, options: options, finalNorm: true, using: &generator)
        for (index, block) in gpt2.blocks.enumerated() {
            stack.layers[index].attention.projection = block.attention.projection
            stack.layers[index].attention.output = block.attention.output
            stack.layers[index].feedForward.inner = block.feedForward.inner
            stack.layers[index].feedForward.output = block.feedForward.output
            stack.layers[index].norm1 = block.norm1
            stack.layers[index].norm2 = block.norm2
        }
        stack.norm = gpt2.finalNorm

        let tokens: [[Int32]] = [[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]]
        let context = ForwardContext()
        let x = gpt2.positionEmbedding.adding(to: gpt2.tokenEmbedding(tokens, context), context)
        let logits = gpt2.head(stack(x, mask: .causal, context), context)

        var batch = ForwardBatch()
        for row in tokens { try batch.append(whole: row.map(Int.init)) }
        #expect(gpt2.logits(batch, rows: .all, context).values == logits.values)
        #expect(gpt2.untiedHead == nil, "the head is the token embedding's table")
        #expect(!gpt2.parameters.contains { $0.path.contains("lm_head") })
    }

    @Test("11: GPT-2 has 12 blocks of 12 heads, 768 channels, 1024 positions, 50257 tokens and 124,439,808 parameters")
    func parameters() {
        let configuration = GPT2Configuration()
        #expect(configuration.layers == 12 && configuration.heads == 12 && configuration.channels == 768)
        #expect(configuration.contextLength == 1024 && configuration.vocabularySize == 50257)
        #expect(GPT2(configuration, seed: 1).parameterCount == 124_439_808)
    }
}
