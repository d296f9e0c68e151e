import Layers
import Runtime
import Tensors
import Testing

@Suite("Dropout inside layers")
struct DropoutTests {
    private func transformer(dropout: Double, normFirst: Bool = false) -> Transformer {
        var generator = WeightGenerator(seed: 4)
        let options = TransformerLayerOptions(innerChannels: 24, dropout: dropout, normFirst: normFirst)
        return Transformer(
            16, heads: 2, encoderLayers: 2, decoderLayers: 1, options: options, using: &generator)
    }

    private let source = Tensor.normal(Shape(4, 6, 16), seed: 1)
    private let target = Tensor.normal(Shape(4, 5, 16), seed: 2)

    private func output(
        _ transformer: Transformer, stream: DropoutStream?, team: Team = .shared, sequences: Range<Int>? = nil
    ) -> [Float] {
        var context = ForwardContext(team: team)
        context.dropout = stream
        func part(_ x: Tensor) -> Tensor {
            guard let sequences else { return x }
            let length = x.shape[1]
            return context.rows(x, sequences.lowerBound * length..<sequences.upperBound * length)
                .reshaped(Shape(sequences.count, length, 16))
        }
        return transformer(part(source), part(target), targetMask: .causal, context).values
    }

    @Test(arguments: [false, true]) func atRateZeroItIsNone(normFirst: Bool) {
        let plain = output(transformer(dropout: 0, normFirst: normFirst), stream: nil)
        #expect(plain == output(transformer(dropout: 0, normFirst: normFirst), stream: DropoutStream(seed: 3, step: 1)))
        #expect(plain == output(transformer(dropout: 0.5, normFirst: normFirst), stream: nil), "outside training")
    }

    @Test func dependsOnSeedAndStep() {
        let transformer = transformer(dropout: 0.3)
        let first = output(transformer, stream: DropoutStream(seed: 3, step: 1))
        #expect(first == output(transformer, stream: DropoutStream(seed: 3, step: 1)))
        #expect(first != output(transformer, stream: DropoutStream(seed: 4, step: 1)))
        #expect(first != output(transformer, stream: DropoutStream(seed: 3, step: 2)))
        #expect(first != output(transformer, stream: nil))
    }

    @Test func doesNotDependOnThreadsOrOnHowTheBatchIsSplit() {
        let transformer = transformer(dropout: 0.3)
        let whole = output(transformer, stream: DropoutStream(seed: 3, step: 1))
        #expect(whole == output(transformer, stream: DropoutStream(seed: 3, step: 1), team: Team(threads: 1)))
        let halves = [0..<1, 1..<4].flatMap { sequences in
            output(
                transformer,
                stream: DropoutStream(
                    seed: 3, step: 1, firstSequence: sequences.lowerBound, sequences: sequences.count),
                sequences: sequences)
        }
        #expect(whole == halves)
    }

    @Test func dropsItsShareAndKeepsTheMean() {
        var context = ForwardContext()
        context.dropout = DropoutStream(seed: 9, step: 0)
        let y = Dropout(0.25)(Tensor([Float](repeating: 3, count: 40_000), shape: Shape(100, 400)), context).values
        let dropped = Double(y.count { $0 == 0 }) / 40_000
        #expect(abs(dropped - 0.25) < 0.01)
        #expect(y.allSatisfy { $0 == 0 || $0 == 4 })
    }

    @Test func eachPlaceHasItsOwn() {
        var context = ForwardContext()
        context.dropout = DropoutStream(seed: 9, step: 0)
        let x = Tensor([Float](repeating: 1, count: 64), shape: Shape(4, 16))
        let dropout = Dropout(0.5)
        #expect(dropout(x, context).values != dropout(x, context).values)
    }
}
