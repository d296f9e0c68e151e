import Foundation
import Layers
import Tensors
import Testing
import dates

@Suite("The translator")
struct TranslatorTests {
    private let context = ForwardContext()
    /// With fresh weights, whose head speaks up so that not all tokens are alike.
    private let translator: Translator = {
        var translator = Translator(seed: 5)
        translator.updateParameters { path, tensor in
            if path == "head.weight" { tensor = Tensor(tensor.values.map { $0 * 8 }, shape: tensor.shape) }
        }
        return translator
    }()
    private let phrases = ["May 3, 1999", "the last day of February, 2000", "42"]

    private func encoded(_ phrases: [String]) throws -> [[Int32]] {
        try phrases.map { try Alphabet.source.encode(phrase: $0) }
    }

    @Test("a search wide enough for all texts gives the probabilities that teacher forcing gives") func exhaustive()
        throws
    {
        // 13 tokens besides the end: 1 + 13 + 169 texts of at most two.
        let beam = translator.translate(try encoded(["May 3"]), beamWidth: 2500, longest: 2, context)[0]
        #expect(beam.count == 183)
        var checked = 0
        for hypothesis in beam {
            let text = Alphabet.target.decode(hypothesis.tokens)
            guard text.count == hypothesis.tokens.count else { continue }
            let batch = try TranslationBatch([TranslationPair("May 3", text)])
            let loss = Double(translator.loss(batch, context).values[0]) * Double(text.count + 1)
            #expect(abs(loss + hypothesis.logProbability) < 1e-4, "\(text)")
            checked += 1
        }
        #expect(checked == 1 + 11 + 121)

        let narrow = translator.translate(try encoded(["May 3"]), beamWidth: 60, longest: 2, context)[0]
        #expect(!narrow.isEmpty)
        #expect(narrow.allSatisfy { hypothesis in beam.contains(hypothesis) }, "the same bits in a narrower beam")
    }

    @Test("a phrase is translated alike alone and among longer ones, bit for bit") func padding() throws {
        let together = translator.translate(try encoded(phrases), longest: 4, context)
        for (index, phrase) in phrases.enumerated() {
            #expect(translator.translate(try encoded([phrase]), longest: 4, context)[0] == together[index], "\(phrase)")
        }
    }

    @Test("what fills up a batch has no loss") func lossWithPadding() throws {
        let pairs = [TranslationPair("7", "7"), TranslationPair("May 3, 1999", "1999-05-03")]
        let both = Double(translator.loss(try TranslationBatch(pairs), context).values[0])
        let each = try pairs.map { Double(translator.loss(try TranslationBatch([$0]), context).values[0]) }
        #expect(abs(both - (2 * each[0] + 11 * each[1]) / 13) < 1e-5)
    }

    @Test("a batch, by hand") func batch() throws {
        let batch = try TranslationBatch([TranslationPair("12", "12"), TranslationPair("3", "3")])
        let one = try Alphabet.source.encode("1")[0]
        #expect(batch.source == [[one, one + 1], [one + 2, Alphabet.padding]])
        let digit = try Alphabet.target.encode("1")[0]
        #expect(batch.target == [[Alphabet.start, digit, digit + 1], [Alphabet.start, digit + 2, Alphabet.padding]])
        #expect(batch.expected == [digit, digit + 1, Alphabet.end, digit + 2, Alphabet.end, -1])
    }

    @Test("training lowers the loss, and follows from the seed") func training() throws {
        var (first, second) = (
            TranslatorTraining(steps: 30, seed: 3, context: context),
            TranslatorTraining(steps: 30, seed: 3, context: context)
        )
        let losses = try (0..<30).map { _ in try first.takeStep() }
        #expect(losses[27...].reduce(0, +) < losses[..<3].reduce(0, +) * 0.8, "\(losses)")
        let again = try (0..<3).map { _ in try second.takeStep() }
        #expect(again == Array(losses[..<3]))
    }

    @Test(
        "phrases that cannot be read are refused", arguments: ["", "3. März 1999", String(repeating: "1", count: 200)])
    func refused(phrase: String) {
        #expect(throws: (any Error).self) { _ = try Alphabet.source.encode(phrase: phrase) }
    }
}
