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
        for instructionSet in ["avx2", "avx512", "neon"] {
            guard let context = ForwardContext(instructionSet: instructionSet) else { continue }
            #expect(try runner.logits(tokens, context) == scalar, "\(instructionSet)")
        }
    }

    /// Fewer bits, larger errors, in their order: each within what so many bits allow. The bounds are of the rounding
    /// errors' size, 2^-11, 2^-8 and 2^-4 of a weight, with room for what the layers make of them.
    @Test func errorsAreThoseOfTheBits() throws {
        let reference = try Fixtures.reference("small/base")
        let tokens = try Array(#require(reference.tokens).prefix(60))
        let exact = try Runner(reference).logits(tokens).flatMap { $0 }
        let size = (exact.map { $0 * $0 }.reduce(0, +) / Float(exact.count)).squareRoot()
        var errors: [WeightFormat: Float] = [:]
        for format in Self.formats {
            let found = try Runner(reference, weights: format).logits(tokens).flatMap { $0 }
            let squares = zip(found, exact).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
            errors[format] = (squares / Float(exact.count)).squareRoot() / size
        }
        let (f16, q8, q4) = try (#require(errors[.f16]), #require(errors[.q8]), #require(errors[.q4]))
        #expect(f16 > 0 && f16 < 2e-3, "\(f16)")
        #expect(q8 > f16 && q8 < 4e-2, "\(q8)")
        #expect(q4 > q8 && q4 < 0.5, "\(q4)")
    }

    /// A model that is stored in half precision loses nothing.
    @Test func halvesThatAreStoredSoAreExact() throws {
        let reference = try Fixtures.reference("small/base")
        let tokens = try Array(#require(reference.tokens).prefix(60))
        let folder = try TemporaryFolder()
        let halves = "\(folder.path)/halves"
        try CounterCheckpoint.with(reference) { try ModelConversion(directory: $0).write(.f16, to: halves) }
        let floats = try Runner(model: GPT2Model(directory: halves).network).logits(tokens)
        #expect(try Runner(model: GPT2Model(directory: halves, weights: .f16).network).logits(tokens) == floats)
        #expect(try Runner(reference, weights: .f16).logits(tokens) != Runner(reference).logits(tokens))
    }
}
