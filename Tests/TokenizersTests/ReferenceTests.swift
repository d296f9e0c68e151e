import Foundation
import Testing
import Tokenizers

/// The tokens are those of tiktoken, and of Hugging Face tokenizers: see Fixtures/make_fixtures.py.
@Suite struct ReferenceTests {
    private struct Case: Decodable {
        let group: String
        /// The text in hexadecimal.
        let bytes: String
        let tokens: [TokenID]
        /// The tokens with special ones allowed, if they differ.
        let special: [TokenID]?

        var text: [UInt8] {
            let digits = Array(bytes.utf8).map { UInt8($0 < 0x40 ? $0 - 0x30 : $0 - 0x57) }
            return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        }
    }

    @Test(arguments: ReferenceVocabulary.available)
    func casesAreAsInTiktoken(_ vocabulary: ReferenceVocabulary) throws {
        let tokenizer = try vocabulary.tokenizer()
        let cases: [Case] = try Fixtures.decode("\(vocabulary).json")
        #expect(cases.count > 2000)
        for item in cases {
            let text = item.text
            #expect(tokenizer.encode(utf8: text) == item.tokens, "\(item.group): \(item.bytes)")
            let special = item.special ?? item.tokens
            #expect(tokenizer.encode(utf8: text, allowSpecial: true) == special, "\(item.group): \(item.bytes)")
            #expect(try tokenizer.decode(item.tokens) == text)
            #expect(try tokenizer.decode(special) == text)
            if let string = String(validating: text, as: UTF8.self) { #expect(tokenizer.encode(string) == item.tokens) }
        }
    }

    /// A mebibyte of the same character, and every code point there is among letters, numbers, symbols and spaces.
    @Test(arguments: ReferenceVocabulary.available)
    func longTextsAreAsInTiktoken(_ vocabulary: ReferenceVocabulary) throws {
        let tokenizer = try vocabulary.tokenizer()
        let summaries: [TokenSummary] = try Fixtures.decode("long.json")
        for expected in summaries where expected.vocabulary == vocabulary {
            let text: String
            if expected.name == "code points" {
                text = (0...0x10FFFF).compactMap(Unicode.Scalar.init as (UInt32) -> Unicode.Scalar?)
                    .map { "a\($0)1\($0)! \($0)\($0)b\n" }.joined()
            } else {
                text = String(repeating: expected.name, count: (1 << 20) / expected.name.utf8.count)
            }
            let tokens = tokenizer.encode(text)
            #expect(tokens.count == expected.count, "\(expected.name)")
            #expect(TokenSummary.hash(tokens) == expected.hash, "\(expected.name)")
            #expect(try tokenizer.decode(tokens).elementsEqual(text.utf8))
        }
    }

    @Test(.enabled(if: SharedData.folder != nil, "the texts are not here: no ../shared/data, no SHARED_DATA"))
    func filesAreAsInTiktoken() throws {
        let folder = try #require(SharedData.folder)
        let summaries: [TokenSummary] = try Fixtures.decode("files.json")
        for expected in summaries {
            let text = try Self.read(expected.name, in: folder)
            let tokenizer = try expected.vocabulary.tokenizer()
            let tokens = tokenizer.encode(utf8: text)
            #expect(tokens.count == expected.count, "\(expected.name) \(expected.vocabulary)")
            #expect(TokenSummary.hash(tokens) == expected.hash, "\(expected.name) \(expected.vocabulary)")
            #expect(try tokenizer.decode(tokens) == text)
        }
    }

    /// A file, or what xz makes of the compressed one.
    private static func read(_ name: String, in folder: URL) throws -> [UInt8] {
        let file = folder.appendingPathComponent(name)
        if FileManager.default.fileExists(atPath: file.path) { return [UInt8](try Data(contentsOf: file)) }
        let xz = Process()
        xz.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        xz.arguments = ["xz", "-dc", file.path + ".xz"]
        let pipe = Pipe()
        xz.standardOutput = pipe
        try xz.run()
        let data = try pipe.fileHandleForReading.readToEnd()
        xz.waitUntilExit()
        try #require(xz.terminationStatus == 0, "xz cannot unpack \(file.path).xz")
        return [UInt8](data ?? Data())
    }
}
