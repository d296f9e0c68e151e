import Layers
import Tensors
import Testing

@Suite("Where the text is loose: attention")
struct AttentionTests {
    private let x = Tensor.normal(Shape(2, 5, 8), seed: 1)

    private func block(heads: Int, hasOutput: Bool = true) -> AttentionBlock {
        var generator = WeightGenerator(seed: 3)
        return AttentionBlock(8, heads: heads, hasOutput: hasOutput, using: &generator)
    }

    @Test("3: without a mask the model sees the future, with a causal one it does not")
    func theFuture() {
        let context = ForwardContext()
        let attention = SelfAttention(attention: block(heads: 2))
        let other = changed(x, rows: 4..<5)  // the last position of the first sequence
        for mask in [AttentionMask.none, .causal] {
            let (before, after) = (attention(x, mask: mask, context), attention(other, mask: mask, context))
            let seen = (0..<4).filter { before.row($0) != after.row($0) }
            #expect(seen == (mask.isCausal ? [] : [0, 1, 2, 3]))
            #expect(before.row(4) != after.row(4))
            for row in 5..<10 { #expect(before.row(row) == after.row(row), "sequences do not see each other") }
        }
    }

    @Test("3: heads split the channels, not the sequence: each looks at all of it")
    func headsSplitChannels() {
        let taps = Taps()
        var weights: [Tensor] = []
        taps.read(TapPoint(.attentionPattern)) { weights.append($0) }
        _ = block(heads: 4)(query: x, key: x, value: x, ForwardContext(taps: taps))
        #expect(weights.map(\.shape) == [Shape(4, 5, 5), Shape(4, 5, 5)], "one of each sequence")
        #expect(weights.allSatisfy { $0.values.allSatisfy { $0 > 0 } })
    }

    @Test("3: embeddings are projected to q, k and v, not split into them") func projected() {
        let context = ForwardContext()
        let attention = block(heads: 2)
        var values = x.values
        values[7] += 1  // the last channel of the first row
        let other = Tensor(values, shape: x.shape)
        for projection in [attention.query, attention.key, attention.value] {
            let (before, after) = (projection(x, context).row(0), projection(other, context).row(0))
            #expect(zip(before, after).allSatisfy { $0 != $1 }, "every channel of q, k and v depends on it")
        }
    }

    @Test("3: heads are concatenated, not summed: one head's values reach its channels only") func concatenated() {
        let context = ForwardContext()
        var attention = block(heads: 4, hasOutput: false)
        let whole = attention(query: x, key: x, value: x, context)
        #expect(whole.shape[2] == 8)
        // Head 1 has channels 2 and 3: without its values they are zero, and no other is changed.
        attention.value.updateParameters { _, parameter in
            let width = parameter.shape.count / 8
            var values = parameter.values
            for i in 2 * width..<4 * width { values[i] = 0 }
            parameter = Tensor(values, shape: parameter.shape)
        }
        let without = attention(query: x, key: x, value: x, context)
        for row in 0..<10 {
            let (a, b) = (whole.row(row), without.row(row))
            #expect(b[2] == 0 && b[3] == 0)
            #expect(a[..<2] == b[..<2] && a[4...] == b[4...])
        }
    }

    @Test("4: 3 with query = key = value and no output projection is 4, for any number of heads", arguments: [1, 2, 4])
    func selfAttention(heads: Int) {
        let context = ForwardContext()
        var multiHead = block(heads: heads)
        let identity = Tensor((0..<64).map { $0 / 8 == $0 % 8 ? 1 : 0 }, shape: Shape(8, 8))
        multiHead.output = Linear(weight: .outputsByInputs(identity))
        let selfAttention = SelfAttention(attention: block(heads: heads, hasOutput: false))
        #expect(multiHead(query: x, key: x, value: x, context).values == selfAttention(x, context).values)
    }

    @Test("4: one head looking elsewhere is not self-attention, and many heads can be") func twoQuestions() {
        let context = ForwardContext()
        let memory = Tensor.normal(Shape(2, 3, 8), seed: 2)
        let (one, many) = (block(heads: 1, hasOutput: false), block(heads: 4, hasOutput: false))
        let cross = one(query: x, key: memory, value: memory, context)
        #expect(cross.values != SelfAttention(attention: one)(x, context).values)
        #expect(SelfAttention(attention: many)(x, context).values != SelfAttention(attention: one)(x, context).values)
    }
}
