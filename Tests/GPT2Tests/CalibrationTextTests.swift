import Files
import Foundation
import GPT2
import TestSupport
import Testing

/// How a text that weights are fitted to becomes tokens.
@Suite struct CalibrationTextTests {
    /// What a model's files say of where texts end.
    struct Ends: Sendable {
        /// Members of config.json and, if there is one, of generation_config.json.
        let configuration: String
        var generation: String?
        /// Whether the tokenizer has `<|endoftext|>`, token 258.
        let areTokenized: Bool
        /// What a document starts from.
        let start: Int?
    }

    private static let line = "once upon a day a fox ran far, far away, and nobody saw it again."

    /// The text is read as `evaluate` reads one.
    @Test(arguments: [
        Ends(configuration: #"{"bos_token_id": 5, "eos_token_id": [3, 258]}"#, areTokenized: true, start: 258),
        Ends(configuration: #"{"bos_token_id": 5, "eos_token_id": [7, 3]}"#, areTokenized: true, start: 3),
        Ends(
            configuration: #"{"bos_token_id": 5, "eos_token_id": null}"#, generation: #"{"eos_token_id": 7}"#,
            areTokenized: false, start: 7),
        Ends(
            configuration: #"{"bos_token_id": 5, "eos_token_id": 3}"#, generation: #"{"eos_token_id": [7, 9]}"#,
            areTokenized: true, start: 7),
        Ends(configuration: #"{"bos_token_id": 5, "eos_token_id": null}"#, areTokenized: true, start: 258),
        Ends(configuration: #"{"bos_token_id": 5, "eos_token_id": 999}"#, areTokenized: false, start: nil),
    ])
    func documentsStartAsWhereTheyAreScored(_ ends: Ends) throws {
        let folder = try TemporaryFolder()
        let text = try folder.write("text.txt", "\(Self.line)\n<|endoftext|>\n\(Self.line)".utf8)
        try CounterCheckpoint.with(Fixtures.reference("evaluation")) { path in
            try GenerationModels.writeTokenizer(to: path, hasEndOfText: ends.areTokenized)
            let file = URL(fileURLWithPath: "\(path)/config.json")
            let members = try object(Data(contentsOf: file)).merging(object(Data(ends.configuration.utf8))) { $1 }
            try JSONSerialization.data(withJSONObject: members).write(to: file)
            if let generation = ends.generation {
                try Data(generation.utf8).write(to: URL(fileURLWithPath: "\(path)/generation_config.json"))
            }
            #expect(try GPT2Model(directory: path).startToken == ends.start)
            let windows = try ModelConversion(directory: path).windows(of: CalibrationText(path: text))
            #expect(windows.first?.first == ends.start ?? Int(UInt8(ascii: "o")))
            #expect(windows.joined().filter { $0 == ends.start }.count == (ends.start == nil ? 0 : 2))
        }
    }

    /// What counts is how many tokens there are, not how many may be.
    @Test func moreTokensThanThereIsMemoryForAreRefused() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("text.txt", String(repeating: "\(Self.line)\n", count: 3).utf8)
        try CounterCheckpoint.with(Fixtures.reference("evaluation")) { model in
            try GenerationModels.writeTokenizer(to: model, hasEndOfText: true)
            let conversion = try ModelConversion(directory: model)
            let whole = try CalibrationText(path: path, tokenLimit: 1 << 40)
            let count = try conversion.windows(of: whole).joined().count
            try #require(count > 100)
            #expect(try conversion.windows(of: whole, room: count).joined().count == count)
            let limited = try CalibrationText(path: path, tokenLimit: 100)
            #expect(try conversion.windows(of: limited, room: 100).joined().count == 100)
            let error = caughtError { () throws(InputError) in try conversion.windows(of: whole, room: 100) }
            #expect(error?.kind == .usage && error?.place == path)
            #expect(error?.advice.contains("100 tokens at most") == true)
            let none = caughtError { () throws(InputError) in try conversion.windows(of: limited, room: 0) }
            #expect(none?.kind == .usage && none?.problem.contains("no memory") == true)
        }
    }

    @Test func memoryIsThatOfTheStreamAndTheWeights() {
        let large = CalibrationMemory(GPT2Configuration(), format: .q4)  // 124M
        #expect((4 * 768..<8 * 768).contains(large.bytesPerToken))
        // 70 MB of weights, and 200 MB for a block at work.
        #expect((200_000_000..<500_000_000).contains(large.fixedBytes))
        #expect(large.tokens(in: large.fixedBytes + 1000 * large.bytesPerToken) == 1000)
        #expect(large.tokens(in: large.fixedBytes - 1) == 0)
        #expect(CalibrationMemory(GPT2Configuration(), format: .q8).fixedBytes > large.fixedBytes + 50_000_000)
    }

    private func object(_ data: Data) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}
