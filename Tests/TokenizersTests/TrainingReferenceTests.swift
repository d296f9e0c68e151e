import Foundation
import Runtime
import TestSupport
import Testing
import Tokenizers

/// Merges, ids and the file are those of Hugging Face tokenizers: see Fixtures/make_training.py.
@Suite struct TrainingReferenceTests {
    private struct Case: Decodable, CustomTestStringConvertible {
        let name: String
        let text: String
        let vocabularySize: Int
        let documents: Int
        /// As merges.txt has them.
        let merges: [String]
        /// Of tokenizer.json.
        let hash: String

        var testDescription: String { name }
    }

    private struct FileCase: Decodable {
        let name: String
        let vocabularySize: Int
        let documents: Int
        let hash: String
    }

    private static func hash(_ bytes: [UInt8]) -> String {
        TokenSummary.hash(bytes.map(TokenID.init))
    }

    private static func merges(_ json: [UInt8]) throws -> [String] {
        let file = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
        let model = try #require(file["model"] as? [String: Any])
        return try #require(model["merges"] as? [[String]]).map { $0.joined(separator: " ") }
    }

    @Test func casesAreAsInHuggingFace() throws {
        let cases: [Case] = try Fixtures.decode("training.json")
        #expect(cases.count > 80)
        let folder = try TemporaryFolder()
        for item in cases {
            let path = try folder.write("text.txt", item.text.utf8)
            for threads in [1, 3] {
                var trainer = try TokenizerTrainer(
                    vocabularySize: item.vocabularySize, team: Team(threads: threads))
                try trainer.add(textFile: path)
                let tokenizer = try trainer.train()
                #expect(try Self.merges(tokenizer.tokenizerJSON) == item.merges, "\(item.name)")
                #expect(Self.hash(tokenizer.tokenizerJSON) == item.hash, "\(item.name)")
                #expect(trainer.documents == item.documents, "\(item.name)")
                #expect(trainer.bytes == item.text.utf8.count)
                #expect(tokenizer.vocabularySize == 257 + item.merges.count)
                #expect(tokenizer.endOfText == tokenizer.vocabularySize - 1)
                #expect(try tokenizer.decode(tokenizer.encode(item.text)).elementsEqual(item.text.utf8))
            }
        }
    }

    @Test(.enabled(if: SharedData.folder != nil, "the texts are not here: no ../shared/data, no SHARED_DATA"))
    func filesAreAsInHuggingFace() throws {
        let folder = try #require(SharedData.folder)
        let cases: [FileCase] = try Fixtures.decode("training_files.json")
        #expect(!cases.isEmpty)
        for item in cases {
            var trainer = try TokenizerTrainer(vocabularySize: item.vocabularySize)
            try trainer.add(textFile: folder.appendingPathComponent(item.name).path)
            #expect(Self.hash(try trainer.train().tokenizerJSON) == item.hash, "\(item.name) \(item.vocabularySize)")
            #expect(trainer.documents == item.documents)
        }
    }
}
