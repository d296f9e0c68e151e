import Files
import Foundation
import Fuzzing
import TestSupport
import Testing
import Tokenizers

@Suite struct DocumentReaderTests {
    private let folder: TemporaryFolder
    private let story: Tokenizer

    init() throws {
        folder = try TemporaryFolder()
        story = try ReferenceVocabulary.story.tokenizer()
    }

    /// Documents are cut only where their tokens do not change.
    @Test func partsOfLongDocumentsHaveTheTokensOfTheWhole() throws {
        let lines = (0..<30_000).map { "the \($0) path" + ["\n", "\n\n", " \n", "\n \n\n", "é\n"][$0 % 5] }
        let document = lines.joined() + "end\n"
        let separator = "<|endoftext|>\n"
        let text = document + separator + separator + "x <|endoftext|>\n <|endoftext|>\n" + separator + "last"
        let (documents, longest) = try parts(of: Array(text.utf8), story, splitting: true)
        let expected = [document, "", "x <|endoftext|>\n <|endoftext|>\n", "last"]
        #expect(documents == expected.map { story.encode($0) })
        #expect(longest < document.utf8.count)

        let whole = try parts(of: Array(text.utf8), story)
        #expect(whole.tokens == [story.encode(text)])
    }

    @Test(arguments: [
        "。\n", "é\n", "😀\n", "\u{301}\n", "\u{200B}\n", "x\n\n", " \n", "\u{3000}\n", "\u{A0}\n", "\r\n", "\r",
        "\u{2028}\n\n", "，", "1", "'", "",
    ])
    func linesEndWithAnyCharacter(_ ending: String) throws {
        let text = String(repeating: "狐说" + ending, count: 60_000)
        #expect(text.utf8.count > 1 << 18)
        let (tokens, longest) = try parts(of: Array(text.utf8), story)
        #expect(tokens == [story.encode(text)])
        // Letters in a row are one piece, so nothing but the whole has its tokens.
        #expect(longest < (ending.isEmpty ? text.utf8.count + 1 : 1 << 18 + 16))
    }

    /// What parts of a text become, document by document, and the length of the longest part.
    private func parts(
        of bytes: [UInt8], _ tokenizer: Tokenizer, splitting: Bool = false, partLength: Int = 1 << 18
    ) throws -> (tokens: [[Int]], longest: Int) {
        let file = try MappedFile(path: folder.write("text.txt", bytes))
        var reader = DocumentReader(file, splitting: splitting, for: tokenizer, partLength: partLength)
        var tokens: [[Int]] = [[]]
        var longest = 0
        while let part = reader.next() {
            longest = max(longest, part.range.count)
            tokens[tokens.count - 1] += tokenizer.encode(utf8: file.bytes[part.range])
            if part.endsDocument { tokens.append([]) }
        }
        return (tokens, longest)
    }

    private static let units =
        [
            "a", "the", "I'll", "'", "'s", "'ve", " ", "  ", "\n", "\r\n", "\t", "7", "2024", ".", "...", "!'", "狐",
            "说话", "，",
            "。", "\u{3000}", "\u{A0}", "é", "e\u{301}", "😀", "\u{2028}", "½", "Ⅷ", "a b", "x y", "\n<|endoftext|>\n",
            "<|endoftext|>",
        ].map { Array($0.utf8) } + [[0xE7], [0x8B, 0x90], [0xF0, 0x9F], [0xFF], [0xC3]]

    /// Random texts, faulty bytes among them, cut as soon as 1 to 40 bytes are there.
    @Test(arguments: [false, true]) func anyTextCutAnywhereHasTheTokensOfTheWhole(isSplitting: Bool) throws {
        var generator = FuzzGenerator(seed: 5)
        let withWords = try wordTokenizer()
        var cuts = 0
        for _ in 0..<500 {
            let alphabet = (0..<generator.pick([2, 4, 30])).map { _ in generator.pick(Self.units) }
            let text = (0..<generator.pick([3, 20, 60])).flatMap { _ in generator.pick(alphabet) }
            let tokenizer = generator.pick([story, withWords])
            let whole = try parts(of: text, tokenizer, splitting: isSplitting, partLength: text.count + 1)
            if !isSplitting { #expect(whole.tokens == [tokenizer.encode(utf8: text)]) }
            for length in [1, 1 + generator.below(8), 1 + generator.below(40)] {
                let found = try parts(of: text, tokenizer, splitting: isSplitting, partLength: length)
                #expect(found.tokens == whole.tokens, "\(text), parts of \(length)")
                cuts += found.longest < whole.longest ? 1 : 0
            }
        }
        #expect(cuts > 500)
    }

    /// A byte-level vocabulary to which words were added that are not special.
    private func wordTokenizer() throws -> Tokenizer {
        let words = ["a b", "b a", "a.", ". ", "说，", "\\n7"].enumerated().map {
            #"{"id":\#(story.vocabularySize + $0),"content":"\#($1)","special":false}"#
        }
        let json = String(decoding: story.tokenizerJSON, as: UTF8.self)
        let start = #""added_tokens": ["#
        try #require(json.contains(start))
        let longer = json.replacing(start, with: start + words.joined(separator: ",") + ",", maxReplacements: 1)
        let tokenizer = try Array(longer.utf8).withUnsafeBytes { try Tokenizer(tokenizerJSON: $0) }
        try #require(tokenizer.encode("x a. ").contains(story.vocabularySize + 2))
        return tokenizer
    }
}
