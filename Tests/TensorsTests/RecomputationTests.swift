import Runtime
import Tensors
import Testing

@Suite("Recomputation") struct RecomputationTests {
    /// A block of everything that draws random numbers or is fused differently under a tape.
    private struct Block: Sendable {
        let projection = Tensor.normal(Shape(8, 24), deviation: 0.3, seed: 1).asParameter
        let gain = Tensor.normal(Shape(8), seed: 2).asParameter
        let inner = Tensor.normal(Shape(8, 20), deviation: 0.3, seed: 3).asParameter
        let outer = Tensor.normal(Shape(20, 8), deviation: 0.3, seed: 4).asParameter

        var parameters: [Tensor] { [projection, gain, inner, outer] }

        func callAsFunction(_ x: Tensor, _ context: ForwardContext) -> Tensor {
            let projections = context.linear(
                context.layerNorm(x, gain: gain, bias: nil, epsilon: 1e-5).output, .inputsByOutputs(projection))
            let found = context.multiHeadAttention(
                queries: TensorColumns(projections, 0..<8), keys: TensorColumns(projections, 8..<16),
                values: TensorColumns(projections, 16..<24), heads: 2, scale: 0.5,
                spans: AttentionSpan.sequences(2, queries: x.rows / 2, keys: x.rows / 2), mask: .causal,
                dropoutRate: 0.2)
            let middle = context.add(context.dropout(found, rate: 0.1), x)
            let hidden = context.linear(middle, .inputsByOutputs(inner), activation: .geluNew)
            return context.linear(context.dropout(hidden, rate: 0.3), .inputsByOutputs(outer), adding: middle)
        }
    }

    private enum Manner: CaseIterable { case kept, recomputed, nested }

    /// Output and gradients of three blocks.
    private func run(_ manner: Manner, dropout: Bool) throws -> [[Float]] {
        let blocks = [Block(), Block(), Block()]
        let x = Tensor.normal(Shape(10, 8), seed: 9).asParameter
        var context = ForwardContext()
        if dropout { context.dropout = DropoutStream(seed: 1, step: 2, firstRow: 30) }
        let tape = context.startTape()
        var y = context.dropout(x, rate: 0.1)
        switch manner {
        case .kept: for block in blocks { y = block(y, context) }
        case .recomputed: for block in blocks { y = context.recomputed(y) { block($0, $1) } }
        case .nested:
            y = context.recomputed(y) { x, context in
                blocks.reduce(x) { y, block in context.recomputed(y) { block($0, $1) } }
            }
        }
        // Dropout after what is recomputed must go on where it stood.
        y = context.dropout(y, rate: 0.5)
        let gradients = try tape.gradients(of: context.sum(context.multiply(y, y)), context: context)
        let wanted = try ([x] + blocks.flatMap(\.parameters)).map { try #require(gradients[$0]).values }
        return [y.values] + wanted
    }

    @Test(arguments: [false, true]) func sameBits(dropout: Bool) throws {
        let expected = try run(.kept, dropout: dropout)
        #expect(try run(.recomputed, dropout: dropout) == expected)
        #expect(try run(.nested, dropout: dropout) == expected)
    }

    /// What is recomputed may be used outside too, and there may be several of it: gradients are added up in the same order.
    @Test func sameBitsOfWhatIsUsedOutsideToo() throws {
        let a = Tensor.normal(Shape(40, 30), seed: 1).asParameter
        let b = Tensor.normal(Shape(40, 30), seed: 2).asParameter
        func run(isRecomputed: Bool) throws -> [[Float]] {
            var context = ForwardContext()
            let tape = context.startTape()
            let (x, memory) = (context.scale(a, by: 3), context.scale(b, by: 0.3))
            func body(_ x: [Tensor], _ context: ForwardContext) -> Tensor {
                context.add(context.multiply(x[0], x[0]), context.add(context.multiply(x[1], x[2]), x[0]))
            }
            var y = x
            for _ in 0..<2 {
                let inputs = [y, memory, x]
                y = isRecomputed ? context.recomputed(inputs, body) : body(inputs, context)
            }
            let loss = context.sum(context.multiply(context.multiply(y, x), memory))
            let gradients = try tape.gradients(of: loss, context: context)
            return try [y, #require(gradients[a]), #require(gradients[b])].map(\.values)
        }
        #expect(try run(isRecomputed: true) == run(isRecomputed: false))
    }

    /// The first run of what is recomputed asks for no gradients: those of the loss would be thrown away.
    @Test func theFirstRunWorksOutNoGradients() throws {
        let x = Tensor.normal(Shape(64, 256), seed: 1).asParameter
        let weight = Tensor.normal(Shape(1024, 256), seed: 2).asParameter
        var context = ForwardContext(team: Team(threads: 1))
        _ = context.startTape()
        _ = context.recomputed(x) {
            $1.linearCrossEntropy($0, .outputsByInputs(weight), targets: (0..<64).map { Int32($0) })
        }
        #expect(context.poolByteCount < weight.shape.count * 4, "no room for the weight's gradient")
    }

    @Test func frozenParametersCostNothing() throws {
        let frozen = Tensor.normal(Shape(3, 3), seed: 1)
        let w = Tensor.normal(Shape(3, 3), seed: 2).asParameter
        var context = ForwardContext()
        let tape = context.startTape()
        let x = Tensor.normal(Shape(2, 3), seed: 3)
        let below = context.recomputed(x) { $1.linear($0, .inputsByOutputs(frozen), activation: .relu) }
        #expect(tape.operations.isEmpty)
        let above = context.recomputed(below) { $1.linear($0, .inputsByOutputs(w)) }
        #expect(tape.operations == [.recomputed])
        let gradients = try tape.gradients(of: context.sum(above), context: context)
        #expect(gradients[w] != nil)
    }

    /// The output may be independent of the input although the input has a gradient.
    @Test func unusedInput() throws {
        let (x, w) = (Tensor([1, 2], shape: Shape(2)).asParameter, Tensor([3, 4], shape: Shape(2)).asParameter)
        var context = ForwardContext()
        let tape = context.startTape()
        let constant = context.recomputed(x) { x, _ in Tensor([1, 1], shape: x.shape) }
        let other = context.recomputed(x) { _, context in context.scale(w, by: 2) }
        let gradients = try tape.gradients(of: context.sum(context.add(constant, other)), context: context)
        #expect(gradients[x] == nil)
        #expect(gradients[w]?.values == [2, 2])
    }

    @Test func withoutATape() {
        let context = ForwardContext()
        let x = Tensor([1, 2], shape: Shape(2)).asParameter
        #expect(context.recomputed(x) { $1.scale($0, by: 2) }.values == [2, 4])
    }
}
