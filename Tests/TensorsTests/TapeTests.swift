import Tensors
import Testing

/// What a tape makes of compositions. The numbers are small integers, so that every order of adding gives them exactly.
@Suite("The tape") struct TapeTests {
    private let x = Tensor([1, 2, 3, 4, 5, 6], shape: Shape(2, 3)).asParameter

    @Test func aTensorUsedSeveralTimes() throws {
        var context = ForwardContext()
        let tape = context.startTape()
        let y = context.scale(x, by: 2)
        let terms = context.add(context.multiply(y, y), context.add(y, context.scale(y, by: 3)))
        let gradients = try tape.gradients(of: context.sum(terms), context: context)
        #expect(gradients[x]?.values == x.values.map { 8 * $0 + 8 })
    }

    @Test func aTensorUsedInSeveralShapes() throws {
        var context = ForwardContext()
        let ones = Weight.inputsByOutputs(Tensor([1, 1, 1], shape: Shape(3, 1)))
        let ones2 = Weight.inputsByOutputs(Tensor([1, 1], shape: Shape(2, 1)))
        for isRecorded in [true, false] {
            let tape = context.startTape()
            let y = isRecorded ? context.scale(x, by: 1) : x
            let flat = context.multiply(y.reshaped(Shape(6)), y.reshaped(Shape(6)))
            let rows = context.linear(y, ones)
            let pairs = context.linear(y.reshaped(Shape(3, 2)), ones2)
            let sums = context.add(context.sum(flat), context.add(context.sum(rows), context.sum(pairs)))
            let gradients = try tape.gradients(of: sums, context: context)
            #expect(gradients[x]?.values == x.values.map { 2 * $0 + 2 })
            #expect(gradients[x]?.shape == x.shape)
            #expect(gradients[x.reshaped(Shape(3, 2))]?.shape == Shape(3, 2))
            #expect(gradients.take(x.reshaped(Shape(6)))?.shape == Shape(6))
            #expect(gradients[x] == nil)
        }
    }

    @Test func tiedWeightsAddUp() throws {
        let table = Tensor.normal(Shape(5, 4), seed: 3)
        func gradients(_ embedding: Tensor, _ head: Tensor) throws -> Gradients {
            var context = ForwardContext()
            let tape = context.startTape()
            let vectors = context.embed([3, 0, 4], .outputsByInputs(embedding))
            let loss = context.linearCrossEntropy(vectors, .outputsByInputs(head), targets: [0, 4, 2])
            return try tape.gradients(of: loss, context: context)
        }
        let tied = table.asParameter
        let (embedding, head) = (table.asParameter, Tensor(table.values, shape: table.shape).asParameter)
        let apart = try gradients(embedding, head)
        let sum = zip(try #require(apart[head]).values, try #require(apart[embedding]).values).map(+)
        #expect(try gradients(tied, tied)[tied]?.values == sum)
    }

    @Test func twoTapesAddUpToOne() throws {
        let weight = Tensor.normal(Shape(5, 7), seed: 1).asParameter
        let batches = [Tensor.normal(Shape(3, 5), seed: 2), Tensor.normal(Shape(4, 5), seed: 3)]
        var context = ForwardContext()
        func loss(_ x: Tensor) -> Tensor {
            let targets = (0..<x.rows).map { Int32($0) }
            return context.linearCrossEntropy(x, .inputsByOutputs(weight), targets: targets)
        }
        let together = context.startTape()
        let sum = context.add(loss(batches[0]), loss(batches[1]))
        let expected = try together.gradients(of: sum, context: context)[weight]?.values
        let gradients = Gradients()
        for batch in batches {
            let tape = context.startTape(addingTo: gradients)
            try tape.gradients(of: loss(batch), context: context)
        }
        // Two terms: their order does not matter.
        #expect(gradients[weight]?.values == expected)
    }

    @Test func constantsCostNothing() throws {
        var context = ForwardContext()
        let tape = context.startTape()
        let data = x.asConstant
        let product = context.multiply(context.scale(data, by: 2), data)
        _ = context.crossEntropy(context.dropout(product, rate: 0.5), targets: [0, 1])
        #expect(tape.operations.isEmpty)
        let y = context.multiply(product, x)
        #expect(tape.operations == [.multiply])
        let gradients = try tape.gradients(of: context.sum(y), context: context)
        #expect(gradients[x]?.values == x.values.map { 2 * $0 * $0 })
        #expect(gradients[product] == nil)
    }

    @Test func gradientsStopAtConstants() throws {
        var context = ForwardContext()
        let tape = context.startTape()
        let y = context.scale(x, by: 3)
        let gradients = try tape.gradients(of: context.sum(context.multiply(y, y.asConstant)), context: context)
        #expect(gradients[x]?.values == x.values.map { 9 * $0 })
    }

    /// Queries, keys and values may lie in one tensor, of which some columns are taken as data.
    @Test(arguments: [0, 1, 2]) func attentionToConstantsInTheSameMemory(followed: Int) throws {
        let x = Tensor.normal(Shape(4, 12), seed: 5).asParameter
        let spans = AttentionSpan.sequences(1, queries: 4, keys: 4)
        func gradient(_ parts: [Tensor]) throws -> [Float] {
            var context = ForwardContext()
            let tape = context.startTape()
            let found = context.multiHeadAttention(
                queries: TensorColumns(parts[0], 0..<4), keys: TensorColumns(parts[1], 4..<8),
                values: TensorColumns(parts[2], 8..<12), heads: 2, scale: 0.5, spans: spans)
            let gradients = try tape.gradients(of: found, seed: .normal(Shape(4, 4), seed: 6), context: context)
            return try #require(gradients[x]).values
        }
        let all = try gradient([x, x, x])
        let one = try gradient((0..<3).map { $0 == followed ? x : x.asConstant })
        let wanted = all.enumerated().map { $0 % 12 / 4 == followed ? $1 : 0 }
        #expect(one == wanted)
    }

    @Test func anOutputThatIsAParameter() throws {
        var context = ForwardContext()
        let tape = context.startTape()
        let gradients = try tape.gradients(of: x, seed: x, context: context)
        #expect(gradients[x]?.values == x.values)
    }
}
