import Layers
import Tensors
import TestSupport
import Testing

@Suite("Attention and the other layers against PyTorch")
struct AttentionParityTests {
    struct Attention: Decodable {
        let channels, heads: Int
        let mask: String
        let padding: [[Bool]]?
    }

    static let attentions: [ParityCase<Attention>] = layersFixture("attention")

    @Test("outputs, weights and gradients", arguments: attentions)
    func attention(reference: ParityCase<Attention>) throws {
        let settings = reference.settings
        var generator = WeightGenerator(seed: 0)
        let module = MultiHeadAttention(settings.channels, heads: settings.heads, using: &generator)
        let differences = try reference.differences(module) { module, inputs, context in
            let (query, key) = try (#require(inputs["query"]), #require(inputs["key"]))
            let value = try #require(inputs["value"])
            var mask = AttentionMask(keyPadding: settings.padding.map(AttentionMask.blocking))
            if settings.mask == "additive" {
                mask.additive = reference.counted("mask.additive", Shape(query.shape[1], key.shape[1]), scale: 2)
            }
            let (output, weights) = module.withWeights(query: query, key: key, value: value, mask: mask, context)
            let plain = module(query: query, key: key, value: value, mask: mask, context)
            #expect(plain.values == output.values, "looking at the weights changes nothing")
            if settings.mask == "all padding" { return plain }
            return context.sideBySide([output, Self.byQuery(weights)])
                .reshaped(query.shape.withLast(settings.channels + settings.heads * key.shape[1]))
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    /// [B, H, Tq, Tk] as [B Tq, H Tk].
    private static func byQuery(_ weights: Tensor) -> Tensor {
        let (heads, queries, keys) = (weights.shape[1], weights.shape[2], weights.shape[3])
        let order = (0..<weights.shape[0]).flatMap { sequence in
            (0..<queries).flatMap { query in (0..<heads).map { (sequence * heads + $0) * queries + query } }
        }
        return Tensor(order.flatMap { weights.row($0) }, shape: Shape(weights.shape[0] * queries, heads * keys))
    }

    struct Widths: Decodable {
        let channels, heads, key, value: Int
        let bias: Bool
    }

    static let widths: [ParityCase<Widths>] = layersFixture("widths")

    @Test("keys and values of other widths", arguments: widths) func otherWidths(reference: ParityCase<Widths>) throws {
        let settings = reference.settings
        var generator = WeightGenerator(seed: 0)
        let module = CrossAttention(
            settings.channels, keyChannels: settings.key, valueChannels: settings.value, heads: settings.heads,
            bias: settings.bias, using: &generator)
        let differences = try reference.differences(module) { module, inputs, context in
            let (query, key) = try (#require(inputs["query"]), #require(inputs["key"]))
            let value = try #require(inputs["value"])
            let (output, weights) = module.withWeights(query: query, key: key, value: value, context)
            #expect(weights.shape == Shape(query.shape[0], settings.heads, query.shape[1], key.shape[1]))
            #expect((0..<weights.rows).allSatisfy { abs(weights.row($0).reduce(0, +) - 1) < 1e-6 })
            #expect(module(query: query, key: key, value: value, context).values == output.values)
            return output
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    struct Small: Decodable {
        let channels, vocabulary, positions: Int
        let tokens: [[Int32]]
    }

    struct SmallModel: Module {
        var tokens: Embedding
        var positions: PositionEmbedding
        var norm: LayerNorm
        var head: Linear

        func callAsFunction(_ x: Tensor, _ ids: [[Int32]], _ context: ForwardContext) -> Tensor {
            let sum = context.add(x, tokens(ids, context))
            let normed = norm(positions.adding(to: sum, from: 2, context), context)
            return head(context.activate(normed, .silu), context)
        }

        mutating func visit(_ visitor: inout ModuleVisitor) {
            visitor("tokens", &tokens)
            visitor("positions", &positions)
            visitor("norm", &norm)
            visitor("head", &head)
        }
    }

    static let others: [ParityCase<Small>] = layersFixture("others")

    @Test("embedding, learned positions, norm without bias", arguments: others)
    func small(reference: ParityCase<Small>) throws {
        let settings = reference.settings
        var generator = WeightGenerator(seed: 0)
        let module = SmallModel(
            tokens: Embedding(settings.vocabulary, settings.channels, using: &generator),
            positions: PositionEmbedding(settings.positions, settings.channels, using: &generator),
            norm: LayerNorm(settings.channels, bias: false, epsilon: 1e-3),
            head: Linear(settings.channels, settings.vocabulary, bias: false, using: &generator))
        let differences = try reference.differences(module) { module, inputs, context in
            module(try #require(inputs["x"]), settings.tokens, context)
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    /// What the parity tests stand on.
    @Test func numbersThatAreNoneDiffer() throws {
        let reference = try #require(Self.others.first)
        let settings = reference.settings
        let shape = Shape(settings.tokens.count, settings.tokens[0].count, settings.vocabulary)
        let module = Linear(weight: .outputsByInputs(.zeros(Shape(1, 1))))
        let differences = try reference.differences(module) { _, _, _ in
            Tensor([Float](repeating: .nan, count: shape.count), shape: shape)
        }
        #expect(differences.count == 1 && differences[0].hasPrefix("output is off by inf"), "\(differences)")
    }

    @Test func allCasesAreThere() {
        #expect(Self.attentions.count == 12)
        #expect(Self.others.count == 3)
        #expect(Self.widths.count == 3)
    }
}
