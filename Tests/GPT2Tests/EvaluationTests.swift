import Files
import Foundation
import GPT2
import TestSupport
import Testing
import Tokenizers

/// `Fixtures/make_evaluation.py` made the expected values with transformers, token by token.
private struct EvaluationFixture: Decodable {
    struct Result: Decodable {
        let stride, tokens: Int
        let nats: Double
    }
    let text: String
    let results, withoutEndOfText: [Result]

    static func load() throws -> EvaluationFixture {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Self.self, from: Data(contentsOf: Fixtures.url("evaluation.json")))
    }

    static func model(hasEndOfText: Bool) throws -> GPT2Model {
        try CounterCheckpoint.with(Fixtures.reference("evaluation")) { path in
            try GenerationModels.writeTokenizer(to: path, hasEndOfText: hasEndOfText)
            if !hasEndOfText {
                let none = Data(#"{"bos_token_id": 999, "eos_token_id": 999}"#.utf8)
                try none.write(to: URL(fileURLWithPath: "\(path)/generation_config.json"))
            }
            return try GPT2Model(directory: path)
        }
    }
}

@Suite struct EvaluationTests {
    @Test(arguments: [true, false])
    func lossesEqualTransformers(hasEndOfText: Bool) throws {
        let fixture = try EvaluationFixture.load()
        let model = try EvaluationFixture.model(hasEndOfText: hasEndOfText)
        let file = try TemporaryFolder()
        let path = try file.write("text.txt", fixture.text.utf8)
        for expected in hasEndOfText ? fixture.results : fixture.withoutEndOfText {
            let evaluation = try model.evaluate(textFile: path, stride: expected.stride)
            let loss = expected.nats / Double(expected.tokens)
            #expect(evaluation.tokens == expected.tokens)
            #expect(abs(evaluation.loss - loss) < 1e-5 * loss, "stride \(expected.stride)")
            #expect(abs(evaluation.perplexity - exp(loss)) < 1e-4 * exp(loss))
            let bits = expected.nats / log(2) / Double(fixture.text.utf8.count)
            #expect(abs(evaluation.bitsPerByte - bits) < 1e-5 * bits)
            #expect(evaluation.bytes == fixture.text.utf8.count)
            #expect(evaluation.protocolDescription.contains("sliding by \(expected.stride);"))
        }
        let half = try model.evaluate(textFile: path)
        #expect(try half.loss == model.evaluate(textFile: path, stride: 16).loss)
    }

    @Test func progressReachesTheEnd() throws {
        let model = try EvaluationFixture.model(hasEndOfText: true)
        let file = try TemporaryFolder()
        let path = try file.write("text.txt", EvaluationFixture.load().text.utf8)
        var fractions: [Double] = []
        let evaluation = try model.evaluate(textFile: path) { fractions.append($0.fraction) }
        #expect(fractions.count > 3)
        #expect(fractions.allSatisfy { $0 > 0 && $0 <= 1 })
        #expect(fractions.last == 1)
        #expect(evaluation.tokens > 0)
    }

    @Test func whatCannotBeScoredIsRefused() throws {
        let model = try EvaluationFixture.model(hasEndOfText: true)
        let bare = try GenerationModels.reference("base")
        let folder = try TemporaryFolder()
        let text = try folder.write("text.txt", "some text".utf8)
        let empty = try folder.write("empty.txt", "".utf8)
        #expect(caughtError { () throws(InputError) in try model.evaluate(textFile: empty) }?.kind == .data)
        #expect(caughtError { () throws(InputError) in try bare.evaluate(textFile: text) }?.kind == .usage)
        #expect(
            caughtError { () throws(InputError) in try model.evaluate(textFile: folder.path + "/no") }?.kind == .missing
        )
        for stride in [0, -1, 33] {
            let error = caughtError { () throws(InputError) in try model.evaluate(textFile: text, stride: stride) }
            #expect(error?.kind == .usage)
        }
        let damaged = try GenerationModels.scripted("abc".byteTokens, damage: .nan)
        #expect(caughtError { () throws(InputError) in try damaged.evaluate(textFile: text) }?.kind == .data)
    }
}
