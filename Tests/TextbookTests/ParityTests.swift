import Layers
import Tensors
import TestSupport
import Testing

/// Each block gives PyTorch's outputs and gradients in float64 for the same weights: 1e-5 and 1e-4 of the largest.
@Suite("The textbook's blocks against PyTorch")
struct ParityTests {
    typealias Case = TextbookReference.Case

    private func check<M: Module>(
        _ reference: Case, _ module: M, input: String = "x", forward: (M, _ x: Tensor, ForwardContext) -> Tensor
    ) throws {
        let differences = try reference.differences(module) { module, inputs, context in
            forward(module, try #require(inputs[input]), context)
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    private static func size(_ reference: Case) throws -> Int { try reference.input("x").shape[2] }

    @Test("1, a residual block", arguments: TextbookReference.cases("1")) func residual(reference: Case) throws {
        var generator = WeightGenerator(seed: 0)
        let hidden = try reference.settings.value(\.hidden)
        let block = ResidualBlock(try Self.size(reference), hidden: hidden, using: &generator)
        try check(reference, block) { $0($1, $2) }
    }

    @Test("2, layer norm as printed", arguments: TextbookReference.cases("2")) func norm(reference: Case) throws {
        try check(reference, Named(norm: TextbookLayerNorm(Self.size(reference)))) { $0.norm($1, $2) }
    }

    @Test("2, layer norm", arguments: TextbookReference.cases("2 standard")) func standard(reference: Case) throws {
        try check(reference, Named(norm: LayerNorm(Self.size(reference)))) { $0.norm($1, $2) }
    }

    @Test("5, a feed-forward network", arguments: TextbookReference.cases("5")) func feedForward(reference: Case) throws
    {
        var generator = WeightGenerator(seed: 0)
        let (size, hidden) = try (Self.size(reference), reference.settings.value(\.hidden))
        try check(reference, FeedForwardNetwork(size, hidden: hidden, using: &generator)) { $0($1, $2) }
        // And the layer that does the same.
        try check(reference, FeedForward(size, inner: hidden, using: &generator)) { $0($1, $2) }
    }

    @Test("7, sinusoidal positions", arguments: TextbookReference.cases("7")) func positions(reference: Case) throws {
        try check(reference, PositionalEncoding()) { $0($1, $2) }
    }

    @Test("3 and 3b, attention", arguments: TextbookReference.cases("3") + TextbookReference.cases("3b"))
    func attention(reference: Case) throws {
        var generator = WeightGenerator(seed: 0)
        let block = AttentionBlock(
            try reference.input("query").shape[2], heads: try reference.settings.value(\.heads),
            hasOutput: reference.settings.row == "3", using: &generator)
        let differences = try reference.differences(block) { block, inputs, context in
            let (query, key) = try (#require(inputs["query"]), #require(inputs["key"]))
            return block(query: query, key: key, value: try #require(inputs["value"]), context)
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test("3 with a causal mask, and 4", arguments: TextbookReference.cases("3 causal") + TextbookReference.cases("4"))
    func selfAttention(reference: Case) throws {
        var generator = WeightGenerator(seed: 0)
        let isCausal = reference.settings.row == "3 causal"
        let block = AttentionBlock(
            try Self.size(reference), heads: try reference.settings.value(\.heads), hasOutput: isCausal,
            using: &generator)
        try check(reference, SelfAttention(attention: block)) { $0($1, mask: isCausal ? .causal : .none, $2) }
    }

    @Test("6, a block that adds x twice", arguments: TextbookReference.cases("6")) func block(reference: Case) throws {
        var generator = WeightGenerator(seed: 0)
        let heads = try reference.settings.value(\.heads)
        try check(reference, TransformerBlock(Self.size(reference), heads: heads, using: &generator)) { $0($1, $2) }
    }

    @Test("6 as printed: what it calls batch is time", arguments: TextbookReference.cases("6 as printed"))
    func sequenceFirst(reference: Case) throws {
        var generator = WeightGenerator(seed: 0)
        let heads = try reference.settings.value(\.heads)
        try check(reference, TransformerBlock(Self.size(reference), heads: heads, using: &generator)) {
            exchanged($0(exchanged($1, $2), $2), $2)
        }
    }

    @Test(
        "8, encoder and decoder; as printed six decoder layers and no masks",
        arguments: TextbookReference.cases("8") + TextbookReference.cases("8 as printed"))
    func translator(reference: Case) throws {
        let settings = reference.settings
        let layers = try settings.value(\.layers)
        let isPrinted = settings.row == "8 as printed"
        var generator = WeightGenerator(seed: 0)
        let translator = try Translator(
            source: 11, target: 9, size: settings.value(\.size), heads: settings.value(\.heads), encoderLayers: layers,
            decoderLayers: isPrinted ? 6 : layers, options: TransformerLayerOptions(innerChannels: 12),
            using: &generator)
        let (source, target) = try (#require(settings.source), #require(settings.target))
        let differences = try reference.differences(translator) { translator, _, context in
            translator(source, target, targetMask: isPrinted ? .none : .causal, context)
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test("9 and 10, a language model and what it generates", arguments: TextbookReference.cases("9"))
    func languageModel(reference: Case) throws {
        let settings = reference.settings
        var generator = WeightGenerator(seed: 0)
        var model = try LanguageModel(
            vocabulary: 13, size: settings.value(\.size), heads: settings.value(\.heads),
            layers: settings.value(\.layers), options: TransformerLayerOptions(innerChannels: 16), using: &generator)
        let tokens = try #require(settings.source)
        let differences = try reference.differences(model) { model, _, context in model(tokens, context) }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")

        model.updateParameters { path, parameter in parameter = reference.counted(path, parameter.shape) }
        let generated = generate(model, from: 0, count: 8, ForwardContext()) { logits in
            Int32(logits.indices.max { logits[$0] < logits[$1] } ?? 0)
        }
        #expect(generated == settings.greedy)
    }

    @Test("10, the previous output and the new input", arguments: TextbookReference.cases("10"))
    func concatenation(reference: Case) throws {
        let settings = reference.settings
        var generator = WeightGenerator(seed: 0)
        var model = try LanguageModel(
            vocabulary: 13, size: settings.value(\.size), heads: settings.value(\.heads),
            layers: settings.value(\.layers), options: TransformerLayerOptions(innerChannels: 16), using: &generator)
        let tokens = try #require(settings.source)
        try check(reference, model, input: "previous") { model, previous, context in
            let fed = model.embed(tokens, after: previous, context)
            return model.head(model.transformer(fed, mask: .causal, context), context)
        }

        model.updateParameters { path, parameter in parameter = reference.counted(path, parameter.shape) }
        let generated = generate(model, concatenatingFrom: 0, count: 8, keepsOutput: true, ForwardContext()) { logits in
            Int32(logits.indices.max { logits[$0] < logits[$1] } ?? 0)
        }
        #expect(generated == settings.greedy)
    }

    @Test func eachRowHasThreeShapes() {
        let rows = [
            "1", "2", "2 standard", "3", "3 causal", "3b", "4", "5", "6", "6 as printed", "7", "8", "8 as printed", "9",
            "10",
        ]
        for row in rows { #expect(TextbookReference.cases(row).count == 3, "\(row)") }
    }
}

/// A norm under the name that the reference's has.
private struct Named<Norm: Module>: Module {
    var norm: Norm

    mutating func visit(_ visitor: inout ModuleVisitor) { visitor("norm", &norm) }
}
