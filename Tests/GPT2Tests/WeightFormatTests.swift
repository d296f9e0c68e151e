import GPT2
import Runtime
import Tensors
import TestSupport
import Testing

/// Weights of fewer bits: one number, one way, in every format; and how far each is from the floats.
@Suite(.serialized) struct WeightFormatTests {
    static let formats = [WeightFormat.f16, .q8, .q4]

    /// The same bits in one piece, in chunks, among others, with any number of threads.
    @Test(arguments: formats) func logitsDependOnNothingElse(_ format: WeightFormat) throws {
        let reference = try Fixtures.reference("small/long")
        let runner = try Runner(reference, weights: format)
        let tokens = try Array(#require(reference.tokens).prefix(300))
        let expected = try runner.logits(tokens, ForwardContext(team: Team(threads: 1)))
        for threads in [1, 2, 3] {
            let context = ForwardContext(team: Team(threads: threads))
            for chunk in [300, 1, 3, 4, 5, 100] {
                #expect(try runner.logits(tokens, chunk: chunk, context) == expected, "chunks of \(chunk)")
            }
            let lengths = [1, 6, 17, 70, 257]
            let found = try runner.logits(
                together: lengths.map { Array(tokens.prefix($0)) }, then: lengths.map { tokens[$0] }, context)
            for (length, logits) in zip(lengths, found) {
                #expect(logits.elementsEqual(expected.prefix(length + 1)), "\(length) tokens among \(lengths)")
            }
        }
    }

    @Test(arguments: ["small/long", "small/narrow-heads"], formats)
    func scalarAndVector(name: String, format: WeightFormat) throws {
        let reference = try Fixtures.reference(name)
        let runner = try Runner(reference, weights: format)
        let tokens = try Array(#require(reference.tokens).prefix(70))
        let scalar = try runner.logits(tokens, #require(ForwardContext(instructionSet: "scalar")))
        for instructionSet in ["avx2", "avx2streams", "avx512", "avx512vnni", "avx512amx", "neon", "neon-dotprod"] {
            guard let context = ForwardContext(instructionSet: instructionSet) else { continue }
            #expect(try runner.logits(tokens, context) == scalar, "\(instructionSet)")
        }
    }

    /// A product's error is what rounding to so many bits makes of it: a grid of step s is off by s / sqrt(12), and the
    /// step of each block follows from its largest number.
    @Test func errorsAreThoseOfTheBits() {
        let (rows, inputs, outputs) = (40, 512, 48)
        var random = PhiloxGenerator(seed: 5)
        func uniform() -> Float { Float.random(in: -1...1, using: &random) }
        func normal(_ count: Int) -> [Float] { (0..<count).map { _ in uniform() + uniform() + uniform() } }
        let (x, w) = (normal(rows * inputs), normal(outputs * inputs))
        /// The mean square of the rounding errors beside that of the numbers, blocks of 32 with `levels` on each side.
        func rounding(_ numbers: [Float], levels: Float) -> Float {
            let steps = stride(from: 0, to: numbers.count, by: 32).map { start in
                (numbers[start..<start + 32].map(abs).max() ?? 0) / levels
            }
            return steps.map { $0 * $0 / 12 }.reduce(0, +) / Float(steps.count)  // the numbers' own is 1
        }
        let expected: [WeightFormat: Float] = [
            .q8: rounding(x, levels: 127) + rounding(w, levels: 127),
            .q4: rounding(x, levels: 127) + rounding(w, levels: 8),
        ]
        let context = ForwardContext(team: Team(threads: 2))
        let (input, weight) = (Tensor(x, shape: Shape(rows, inputs)), Tensor(w, shape: Shape(outputs, inputs)))
        func product(_ format: WeightFormat) -> [Float] {
            let packed = PackedMatrix.packing(.outputsByInputs(weight), format: format, team: context.team)
            return context.linear(input, .packed(packed)).withUnsafeValues { Array($0) }
        }
        let exact = product(.f32)
        let square = exact.map { $0 * $0 }.reduce(0, +)
        for (format, share) in expected {
            let found = zip(product(format), exact).map { ($0 - $1) * ($0 - $1) }.reduce(0, +) / square
            // The search for a better scale than the largest number's lowers it, by a quarter at most.
            #expect(found > 0.7 * share && found < 1.05 * share, "\(format): \(found) beside \(share)")
        }
        let halves = zip(product(.f16), exact).map { ($0 - $1) * ($0 - $1) }.reduce(0, +) / square
        #expect(halves > 0 && halves < 0x1p-22 / 3, "\(halves)")  // rounded in the 11th place
    }

    /// A model that is stored in half precision loses nothing, and is held so by itself.
    @Test func halvesThatAreStoredSoAreExact() throws {
        let reference = try Fixtures.reference("small/base")
        let tokens = try Array(#require(reference.tokens).prefix(60))
        let folder = try TemporaryFolder()
        let halves = "\(folder.path)/halves"
        try CounterCheckpoint.with(reference) { try ModelConversion(directory: $0).write(.f16, to: halves) }
        let floats = try Runner(model: GPT2Model(directory: halves, weights: .f32).network).logits(tokens)
        #expect(try Runner(model: GPT2Model(directory: halves, weights: .f16).network).logits(tokens) == floats)
        let network = try GPT2Model(directory: halves).network
        #expect(network.head.weight.format == .f16 && network.tokenEmbedding.table.format == .f16)
        #expect(network.blocks.allSatisfy { $0.attention.projection.weight.format == .f16 })
        #expect(try Runner(model: network).logits(tokens) == floats)
        #expect(try Runner(reference, weights: .f16).logits(tokens) != Runner(reference).logits(tokens))
    }
}
