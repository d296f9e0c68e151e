import GPT2
import StoryModel
import Tensors
import TestSupport
import Testing

/// A model whose weights were fitted to a text, or to what it writes by itself, on another text of the same kind.
@Suite struct CalibrationTests {
    /// Stories of the model itself, which are what it reads.
    private func story(_ model: GPT2Model, seed: UInt64) async throws -> (text: String, tokens: [Int]) {
        let options = GenerationOptions(maxTokens: 400, temperature: 1, topK: nil, seed: seed, ignoreEndOfText: true)
        let story = try await model.complete("Once upon a time", options: options)
        return ("Once upon a time" + (story.text ?? ""), story.promptTokens + story.tokens)
    }

    private func logits(_ model: GPT2Model, _ tokens: [Int]) throws -> [Float] {
        var batch = ForwardBatch()
        try batch.append(whole: tokens)
        return model.network.logits(batch, rows: .all, ForwardContext()).values
    }

    /// The squared error of its logits on a story beside that of weights which were rounded each by itself.
    private func errors(calibrated folder: String, _ format: WeightFormat) async throws -> (fitted: Float, plain: Float)
    {
        let exact = try StoryModel.load()
        let tokens = try await story(exact, seed: 99).tokens
        let wanted = try logits(exact, tokens)
        func error(_ model: GPT2Model) throws -> Float {
            zip(try logits(model, tokens), wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        return try (error(GPT2Model(directory: folder)), error(StoryModel.load(weights: format)))
    }

    @Test(arguments: [WeightFormat.q8, .q4]) func itsLogitsAreNearer(_ format: WeightFormat) async throws {
        let exact = try StoryModel.load()
        var texts: [String] = []
        for seed in UInt64(1)...6 { texts.append(try await story(exact, seed: seed).text) }
        let folder = try TemporaryFolder()
        let text = try folder.write("stories.txt", texts.joined(separator: "\n<|endoftext|>\n").utf8)
        let out = "\(folder.path)/out"
        var shares: [Double] = []
        try StoryModel.conversion().write(format, to: out, calibratedOn: .text(CalibrationText(path: text))) {
            shares.append($0)
        }
        check(shares)
        let (fitted, plain) = try await errors(calibrated: out, format)
        // With 8 bits what the activations lose as bytes is much of the error.
        #expect(fitted < (format == .q4 ? 0.8 : 1) * plain, "\(fitted) beside \(plain)")
    }

    @Test func whatTheModelWritesIsAsGood() async throws {
        let folder = try TemporaryFolder()
        let out = "\(folder.path)/out"
        var shares: [Double] = []
        try StoryModel.conversion().write(.q4, to: out, calibratedOn: .ownWriting(tokens: 2400)) { shares.append($0) }
        check(shares)
        let (fitted, plain) = try await errors(calibrated: out, .q4)
        #expect(fitted < 0.8 * plain, "\(fitted) beside \(plain)")
    }

    private func check(_ shares: [Double]) {
        #expect(shares.allSatisfy { $0 <= 1 } && shares == shares.sorted() && shares.count > 20)
        #expect((shares.last ?? 0) > 0.999_999)
    }
}
