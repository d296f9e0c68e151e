import Layers
import Tensors
import Testing

@Suite("Masks and taps of attention")
struct AttentionTests {
    private func attention(_ channels: Int = 8, heads: Int = 2) -> MultiHeadAttention {
        var generator = WeightGenerator(seed: 4)
        return MultiHeadAttention(channels, heads: heads, using: &generator)
    }

    private func encoder(normFirst: Bool) -> TransformerEncoder {
        var generator = WeightGenerator(seed: 6)
        let options = TransformerLayerOptions(innerChannels: 12, activation: .gelu, normFirst: normFirst)
        return TransformerEncoder(8, heads: 2, layers: 2, options: options, using: &generator)
    }

    private let x = Tensor.normal(Shape(2, 5, 8), seed: 1)

    @Test func weightsAreCausalAndSumToOne() {
        let context = ForwardContext()
        let (_, weights) = attention().withWeights(query: x, key: x, value: x, mask: .causal, context)
        #expect(weights.shape == Shape(2, 2, 5, 5))
        for row in 0..<weights.rows {
            let line = weights.row(row)
            #expect(line[(row % 5 + 1)...].allSatisfy { $0 == 0 })
            #expect(abs(line.reduce(0, +) - 1) < 1e-6)
        }
    }

    @Test func aQueryWithoutKeysFindsZeros() throws {
        var context = ForwardContext()
        let tape = context.startTape()
        // The second sequence is all padding.
        let mask = AttentionMask(padding: [[false, false, true, true, true], [true, true, true, true, true]])
        let input = x.asParameter
        let module = attention()
        let (output, weights) = module.withWeights(query: input, key: input, value: input, mask: mask, context)
        #expect(weights.values[50...].allSatisfy { $0 == 0 })
        #expect(output.values[40...].allSatisfy { $0 == 0 }, "biases are 0, and nothing was found")
        let gradients = try tape.gradients(of: context.sum(output), context: context)
        #expect(gradients[input]?.isFinite == true)
        for (path, parameter) in module.parameters { #expect(gradients[parameter]?.isFinite == true, "\(path)") }
    }

    @Test func selfAttentionIsAttentionToItself() {
        let context = ForwardContext()
        let module = attention()
        let mask = AttentionMask(
            isCausal: true, padding: [[false, true, false, false, false], [Bool](repeating: false, count: 5)])
        #expect(module(x, mask: mask, context).values == module(x, memory: x, mask: mask, context).values)
    }

    /// With 32 channels queries, keys and values start at panels of their own, with 24 inside one.
    @Test("parts of packed weights give the bits of the whole", arguments: [32, 24], WeightFormat.allCases)
    func packedWeights(channels: Int, format: WeightFormat) {
        let context = ForwardContext()
        var module = attention(channels, heads: 4)
        module.projection.weight = .packed(.packing(module.projection.weight, format: format, team: context.team))
        module.projection.bias = .normal(Shape(3 * channels), seed: 8)
        let y = Tensor.normal(Shape(2, 5, channels), seed: 1)
        let memory = Tensor.normal(Shape(2, 3, channels), seed: 2)

        func part(_ index: Int, of x: Tensor) -> Tensor {
            context.columns(module.projection(x, context), index * channels..<(index + 1) * channels).reshaped(x.shape)
        }
        let found = context.scaledDotProductAttention(
            query: part(0, of: y), key: part(1, of: memory), value: part(2, of: memory), heads: 4)
        let expected = module.output(found, context).values
        #expect(module(y, memory: memory, context).values == expected)
        #expect(module(query: y, key: memory, value: memory.detached, context).values == expected)
    }

    @Test func oneSequenceNeedsNoBatch() {
        let context = ForwardContext()
        let module = attention()
        let one = context.rows(x, 5..<10)
        #expect(module(one, mask: .causal, context).values == Array(module(x, mask: .causal, context).values[40...]))
    }

    @Test func cachesChangeNothing() {
        let context = ForwardContext()
        let module = attention()
        let one = context.rows(x, 5..<10)
        let cache = KVCache(layers: 1, heads: 2, headSize: 4, capacity: 5)
        let span = SequenceSpan(cache: cache, firstRow: 0, count: 5, firstPosition: 0)
        #expect(module(one, caches: [span], layer: 0, context).values == module(one, mask: .causal, context).values)
    }

    @Test("reading changes no bit", arguments: [false, true]) func taps(normFirst: Bool) {
        let module = encoder(normFirst: normFirst)
        let plain = module(x, mask: .causal, ForwardContext()).values
        for layer in 0..<2 {
            for site in TapPoint.Site.allCases {
                let taps = Taps()
                var seen = 0
                taps.read(TapPoint(site, layer: layer)) { _ in seen += 1 }
                #expect(module(x, mask: .causal, ForwardContext(taps: taps)).values == plain)
                let isOutside = Self.sitesOutside.contains(site)
                #expect(seen == (isOutside ? 0 : site == .attentionPattern ? 2 : 1), "\(site)")
            }
        }
    }

    /// Outside the layers.
    private static let sitesOutside: Set<TapPoint.Site> = [
        .tokenEmbedding, .positionEmbedding, .finalNormStatistics, .finalNorm, .logits,
    ]
    /// What a decoder has twice: for its attention to itself and to the memory.
    private static let sitesOfAttention: Set<TapPoint.Site> = [
        .norm1, .norm1Statistics, .query, .key, .value, .attentionPattern, .headOutputs, .attentionOutput,
        .residualMiddle,
    ]

    @Test("every part of a decoder can be seen", arguments: [false, true]) func decoderTaps(normFirst: Bool) {
        var generator = WeightGenerator(seed: 6)
        let options = TransformerLayerOptions(innerChannels: 12, normFirst: normFirst)
        let decoder = TransformerDecoder(8, heads: 2, layers: 1, options: options, finalNorm: true, using: &generator)
        let memory = Tensor.normal(Shape(2, 3, 8), seed: 2)
        let plain = decoder(x, memory: memory, mask: .causal, ForwardContext()).values
        for site in TapPoint.Site.allCases {
            for isCross in [false, true] {
                let isOutside = Self.sitesOutside.contains(site)
                let taps = Taps()
                var seen = 0
                taps.read(TapPoint(site, layer: isOutside ? nil : 0, isCross: isCross)) { _ in seen += 1 }
                #expect(decoder(x, memory: memory, mask: .causal, ForwardContext(taps: taps)).values == plain)
                let isPart =
                    isCross
                    ? Self.sitesOfAttention.contains(site)
                    : !isOutside || site == .finalNorm || site == .finalNormStatistics
                #expect(seen == (isPart ? site == .attentionPattern ? 2 : 1 : 0), "\(site), \(isCross)")
            }
        }
    }

    @Test func embeddingsAndPositionsCanBeReplaced() {
        var generator = WeightGenerator(seed: 6)
        let embedding = Embedding(5, 8, using: &generator)
        let learned = PositionEmbedding(4, 8, using: &generator)
        let taps = Taps()
        taps.replace(TapPoint(.tokenEmbedding)) { .zeros($0.shape) }
        let context = ForwardContext(taps: taps)
        let nothing = embedding([[1, 2], [3, 4]], context)
        #expect(nothing.values.allSatisfy { $0 == 0 })
        var shapes: [Shape] = []
        taps.read(TapPoint(.positionEmbedding)) { shapes.append($0.shape) }
        #expect(learned.adding(to: nothing, context).row(3) == learned.table.row(1))
        #expect(SinusoidalPositions()(nothing, context).row(2) == [0, 1, 0, 1, 0, 1, 0, 1])
        #expect(shapes == [Shape(4, 8), Shape(4, 8)])
    }

    @Test func attentionWithoutProjectionsShowsItsWeights() {
        let context = ForwardContext()
        let (output, weights) = context.scaledDotProductAttentionWithWeights(
            query: x, key: x, value: x, heads: 4, mask: .causal)
        let plain = context.scaledDotProductAttention(query: x, key: x, value: x, heads: 4, mask: .causal)
        #expect(output.values == plain.values)
        #expect(weights.shape == Shape(2, 4, 5, 5))
        let taps = Taps()
        var seen: [Float] = []
        taps.read(TapPoint(.attentionPattern, layer: 7)) { seen += $0.values }
        _ = ForwardContext(taps: taps).scaledDotProductAttention(
            query: x, key: x, value: x, heads: 4, mask: .causal, layer: 7)
        #expect(seen == weights.values)
    }

    /// Of 24 outputs, only those of queries, of keys or of values are made, to the bits that all have.
    @Test(arguments: [false, true]) func adaptersOfSomeOutputs(isTurned: Bool) throws {
        let context = ForwardContext()
        var module = attention()
        let weight = try #require(module.projection.weight.tensor)
        let turned = Tensor(
            (0..<8).flatMap { input in (0..<24).map { weight[$0, input] } }, shape: Shape(8, 24))
        if isTurned { module.projection.weight = .inputsByOutputs(turned) }
        let plain = module(x, memory: x, context)
        module.projection.adapter = LowRankAdapter(
            down: .outputsByInputs(.normal(Shape(2, 8), seed: 7)), up: .outputsByInputs(.normal(Shape(24, 2), seed: 8)),
            scale: 0.5)
        let adapted = module(x, memory: x, context)
        #expect(adapted.values != plain.values)
        #expect(adapted.values == module(x, context).values)
    }

    @Test func aReplacedPatternTakesEffectAndStopsGradients() throws {
        let taps = Taps()
        taps.replace(TapPoint(.attentionPattern)) { pattern in
            // Each query looks at the first key only.
            let (rows, keys) = (pattern.rows, pattern.shape[-1])
            return Tensor((0..<rows * keys).map { $0 % keys == 0 ? 1 : 0 }, shape: pattern.shape)
        }
        var context = ForwardContext(taps: taps)
        let tape = context.startTape()
        let module = attention()
        let input = x.asParameter
        let output = module(input, context)
        for row in 1..<5 { #expect(output.row(row) == output.row(0)) }
        let gradients = try tape.gradients(of: context.sum(output), context: context)
        let gradient = try #require(gradients[input])
        #expect(gradient.row(0).contains { $0 != 0 })
        for row in 1..<5 { #expect(gradient.row(row).allSatisfy { $0 == 0 }) }
    }

    @Test func theDecodersTapsFollowTheEncoders() {
        var generator = WeightGenerator(seed: 6)
        let options = TransformerLayerOptions(innerChannels: 12)
        let transformer = Transformer(
            8, heads: 2, encoderLayers: 2, decoderLayers: 2, options: options, using: &generator)
        let taps = Taps()
        var shapes: [Shape] = []
        taps.read(TapPoint(.attentionPattern, layer: 2, isCross: true)) { shapes.append($0.shape) }
        let target = Tensor.normal(Shape(2, 3, 8), seed: 2)
        let context = ForwardContext(taps: taps)
        #expect(transformer(x, target, context).values == transformer(x, target, ForwardContext()).values)
        #expect(shapes == [Shape(2, 3, 5), Shape(2, 3, 5)])
        #expect(TapPoint(.attentionPattern, layer: 2, isCross: true).description == "h.2.cross.attentionPattern")
    }
}
