import Tensors
import Testing

/// A tensor is a value: no gradient that somebody holds changes when more is added up.
@Suite("Owners of gradients") struct GradientOwnershipTests {
    private let x = Tensor([1, 2, 3, 4], shape: Shape(2, 2)).asParameter
    private let w = Tensor([5, 6, 7, 8], shape: Shape(2, 2)).asParameter

    @Test func gradientsThatWereRead() throws {
        var context = ForwardContext()
        let gradients = Gradients()
        var read: [Tensor] = []
        for _ in 0..<3 {
            let tape = context.startTape(addingTo: gradients)
            try tape.gradients(of: context.sum(context.multiply(x, w)), context: context)
            read.append(try #require(gradients[x]))
        }
        #expect(read.map(\.values) == [1, 2, 3].map { factor in w.values.map { $0 * factor } })
    }

    @Test func seedsStayAsTheyAre() throws {
        var context = ForwardContext()
        let seed = Tensor([1, 2, 3, 4], shape: Shape(2, 2))
        let gradients = Gradients()
        for _ in 0..<2 {
            let tape = context.startTape(addingTo: gradients)
            let y = context.add(context.add(x, w), context.scale(x, by: 2))
            try tape.gradients(of: y, seed: seed, context: context)
        }
        #expect(seed.values == [1, 2, 3, 4])
        #expect(gradients[x]?.values == [6, 12, 18, 24])
        #expect(gradients[w]?.values == [2, 4, 6, 8])
    }

    @Test func aParameterAsSeed() throws {
        var context = ForwardContext()
        let gradients = Gradients()
        for _ in 0..<2 {
            let tape = context.startTape(addingTo: gradients)
            try tape.gradients(of: context.add(x, w), seed: w, context: context)
        }
        #expect(w.values == [5, 6, 7, 8])
        #expect(gradients[x]?.values == [10, 12, 14, 16])
        #expect(gradients[w]?.values == [10, 12, 14, 16])
    }

    /// The gradient of a sum is that of both its terms; more reaches one of them later.
    @Test(arguments: [false, true]) func termsOfASum(isRecomputed: Bool) throws {
        var context = ForwardContext()
        let tape = context.startTape()
        let y = context.scale(x, by: 1)
        let early = context.scale(y, by: 3)
        let w = w
        let sum =
            isRecomputed ? context.recomputed(y) { $1.add($0, w) } : context.add(y, w)
        let seed = Tensor([1, 2, 3, 4], shape: Shape(2, 2))
        let gradients = try tape.gradients(of: context.add(sum, early), seed: seed, context: context)
        #expect(gradients[w]?.values == [1, 2, 3, 4])
        #expect(gradients[x]?.values == [4, 8, 12, 16])
        #expect(seed.values == [1, 2, 3, 4])
    }

    @Test func aRecomputationThatReturnsWhatItGets() throws {
        var context = ForwardContext()
        let tape = context.startTape()
        let first = context.recomputed(x) { input, _ in input }
        let second = context.recomputed(first) { $1.scale($0, by: 3) }
        let gradients = try tape.gradients(of: context.sum(context.add(second, x)), context: context)
        #expect(gradients[x]?.values == [4, 4, 4, 4])
    }
}
