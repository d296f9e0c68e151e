import Foundation
import GPT2
import Layers
import Tensors
import TestSupport
import Testing

@Suite("Where the text is loose: positions")
struct PositionTests {
    /// Rows of one sequence, [1, T, D], in another order.
    private func permuted(_ x: Tensor, _ order: [Int32], _ context: ForwardContext) -> Tensor {
        context.gather(order, x.reshaped(Shape(order.count, x.shape[2]))).reshaped(x.shape)
    }

    @Test("7: any width, odd ones too, and nothing to train", arguments: [1, 5, 7, 16]) func anyWidth(size: Int) {
        let x = Tensor.normal(Shape(2, 9, size), seed: 1)
        let y = PositionalEncoding()(x, ForwardContext())
        for row in 0..<18 {
            let wanted = (0..<size).map { i in
                let angle = Double(row % 9) / pow(10000, Double(i / 2 * 2) / Double(size))
                return x.row(row)[i] + Float(i.isMultiple(of: 2) ? sin(angle) : cos(angle))
            }
            #expect(zip(y.row(row), wanted).allSatisfy { abs($0 - $1) < 1e-6 }, "position \(row % 9)")
        }
        #expect(PositionalEncoding().parameters.isEmpty)
    }

    @Test("7: without positions attention cannot tell order, with them it can") func order() {
        let context = ForwardContext()
        var generator = WeightGenerator(seed: 3)
        let attention = SelfAttention(attention: AttentionBlock(8, heads: 2, using: &generator))
        let encoding = PositionalEncoding()
        let x = Tensor.normal(Shape(1, 6, 8), seed: 1)
        let order: [Int32] = [3, 0, 5, 1, 4, 2]
        let shuffled = permuted(x, order, context)
        func difference(_ a: Tensor, _ b: Tensor) -> Double { largestDifference(a.values, b.values) }

        // Shuffled words give the same vectors, shuffled.
        let plain = permuted(attention(x, context), order, context)
        #expect(difference(attention(shuffled, context), plain) < 1e-6)
        let placed = permuted(attention(encoding(x, context), context), order, context)
        #expect(difference(attention(encoding(shuffled, context), context), placed) > 1e-2)
    }

    @Test("7: attention reaches any distance by itself; positions are not what cures it") func distance() {
        let context = ForwardContext()
        var generator = WeightGenerator(seed: 3)
        let attention = MultiHeadAttention(8, heads: 2, using: &generator)
        // The same vector stands near and far: the last position gives both the same weight.
        let base = Tensor.normal(Shape(200, 8), seed: 1).values
        let twin = Array(base[..<8])
        let values = twin + base[8..<8 * 198] + twin + base[8 * 199..<8 * 200]
        let x = Tensor(Array(values), shape: Shape(1, 200, 8))
        let weights = attention.withWeights(query: x, key: x, value: x, mask: .causal, context).weights
        for head in 0..<2 {
            let last = weights.row(head * 200 + 199)
            #expect(last[0] == last[198] && last[0] > 0)
        }
    }

    @Test("7: GPT-2 learns its positions") func learned() throws {
        var configuration = GPT2Configuration()
        (configuration.vocabularySize, configuration.contextLength) = (11, 8)
        (configuration.channels, configuration.heads, configuration.layers, configuration.innerChannels) = (8, 2, 1, 32)
        let model = GPT2(configuration, seed: 1)
        var context = ForwardContext()
        let tape = context.startTape()
        var batch = ForwardBatch()
        try batch.append(whole: [3, 1, 4])
        let gradients = try tape.gradients(of: model.loss(batch, targets: [1, 4, 1], context), context: context)
        let gradient = try #require(gradients[model.positionEmbedding.table])
        for position in 0..<8 { #expect(gradient.row(position).contains { $0 != 0 } == (position < 3)) }
    }

    @Test("7b: the text's own example, and widths that it gets silently wrong", arguments: [5, 20, 6])
    func function(size: Int) throws {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        let data = try Data(contentsOf: folder.appendingPathComponent("positions.json"))
        let wanted = try #require(try JSONDecoder().decode([String: [[Double]]].self, from: data)["\(size)"])
        let encoding = positionalEncoding(0..<10, size)
        #expect(encoding.shape == Shape(1, 10, size))
        #expect(zip(encoding.values, wanted.joined()).allSatisfy { abs(Double($0) - $1) < 1e-6 })
    }
}
