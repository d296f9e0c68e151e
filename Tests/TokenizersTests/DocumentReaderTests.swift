import Files
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

    private func reader(_ text: String, splitting: Bool) throws -> (DocumentReader, MappedFile) {
        let file = try MappedFile(path: folder.write("text.txt", text.utf8))
        return (DocumentReader(file, splitting: splitting), file)
    }

    /// Documents are cut only where their tokens do not change.
    @Test func partsOfLongDocumentsHaveTheTokensOfTheWhole() throws {
        let lines = (0..<30_000).map { "the \($0) path" + ["\n", "\n\n", " \n", "\n \n\n", "é\n"][$0 % 5] }
        let document = lines.joined() + "end\n"
        let separator = "<|endoftext|>\n"
        let text = document + separator + separator + "x <|endoftext|>\n <|endoftext|>\n" + separator + "last"
        var (reader, file) = try reader(text, splitting: true)
        var documents: [[Int]] = [[]]
        var parts = 0
        while let part = reader.next() {
            parts += 1
            documents[documents.count - 1] += story.encode(utf8: file.bytes[part.range])
            if part.endsDocument { documents.append([]) }
        }
        let expected = [document, "", "x <|endoftext|>\n <|endoftext|>\n", "last"]
        #expect(documents == expected.map { story.encode($0) })
        #expect(parts == 5)

        var (whole, _) = try self.reader(text, splitting: false)
        var bytes = 0
        while let part = whole.next() { bytes += part.range.count }
        #expect(bytes == text.utf8.count)
    }

    /// Only where every line ends with white space can a document not be cut.
    @Test(arguments: [
        ("。\n", 2), ("é\n", 2), ("😀\n", 2), ("\u{301}\n", 2), ("\u{200B}\n", 2), ("x\n\n", 2), (" \n", 1),
        ("\u{3000}\n", 1),
        ("\u{A0}\n", 1), ("\r\n", 1), ("\u{2028}\n\n", 1),
    ])
    func linesEndWithAnyCharacter(_ ending: String, _ count: Int) throws {
        let text = String(repeating: "狐说" + ending, count: 60_000)
        #expect(text.utf8.count > 1 << 18)
        var (reader, file) = try reader(text, splitting: true)
        var tokens: [Int] = []
        var parts = 0
        while let part = reader.next() {
            parts += 1
            tokens += story.encode(utf8: file.bytes[part.range])
        }
        #expect(tokens == story.encode(text))
        #expect(count == 1 ? parts == 1 : parts > 1)
    }
}
