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

    private func object(_ data: Data) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}
