import Files
import Foundation
import Fuzzing
import Runtime
import TestSupport
import Testing
import Tokenizers

@Suite struct TokenizerTrainerTests {
    private static func train(
        _ paths: [String], vocabularySize: Int, threads: Int = 2
    ) throws(InputError) -> Tokenizer {
        var trainer = try TokenizerTrainer(vocabularySize: vocabularySize, team: Team(threads: threads))
        for path in paths { try trainer.add(textFile: path) }
        return try trainer.train()
    }

    /// Words of a few kinds, in lines, in documents that lie one after another.
    private static func randomText(_ generator: inout FuzzGenerator, lines: Int) -> String {
        let words = (0..<3000).map { _ in
            String((0..<1 + generator.below(9)).map { _ in generator.pick(Array("etaoinshrdluéя中")) })
        }
        return (0..<lines).map { _ in
            generator.chance(1)
                ? "<|endoftext|>\n"
                : (0..<12).map { _ in generator.pick(words) }.joined(separator: " ")
                    + generator.pick(["\n", " \n", ".\n\n"])
        }.joined()
    }

    // MARK: The same result, however it is reached

    @Test func threadsFilesAndDocumentsMakeNoDifference() throws {
        var generator = FuzzGenerator(seed: 1)
        let text = Self.randomText(&generator, lines: 30_000)
        let folder = try TemporaryFolder()
        let path = try folder.write("text.txt", text.utf8)
        let expected = try Self.train([path], vocabularySize: 2000, threads: 1).tokenizerJSON
        for threads in [2, 3, 8] {
            #expect(try Self.train([path], vocabularySize: 2000, threads: threads).tokenizerJSON == expected)
        }

        let documents = text.components(separatedBy: "<|endoftext|>\n")
        var trainer = try TokenizerTrainer(vocabularySize: 2000)
        for document in documents.reversed() { trainer.add(document: document) }
        #expect(try trainer.train().tokenizerJSON == expected)
        #expect(trainer.documents == documents.count { !$0.isEmpty })

        let middle = documents.count / 2
        let halves = try [documents[..<middle], documents[middle...]].enumerated().map { index, half in
            try folder.write("\(index).txt", half.joined(separator: "<|endoftext|>\n").utf8)
        }
        #expect(try Self.train(halves, vocabularySize: 2000).tokenizerJSON == expected)
    }

    /// More than is counted between two reports of progress, and a line longer than a part.
    @Test func longTextsAreCountedWhole() throws {
        let line = "the cat and the hat\n"
        let text = String(repeating: line, count: 1_000_000) + String(repeating: "dog ", count: 200_000)
        let folder = try TemporaryFolder()
        let path = try folder.write("text.txt", text.utf8)
        var fractions: [Double] = []
        var trainer = try TokenizerTrainer(vocabularySize: 270)
        try trainer.add(textFile: path) { fractions.append($0) }
        #expect(fractions.count > 1)
        #expect(fractions.last == 1)
        #expect(fractions == fractions.sorted())
        var other = try TokenizerTrainer(vocabularySize: 270)
        other.add(document: text)
        #expect(try trainer.train().tokenizerJSON == other.train().tokenizerJSON)
    }

    // MARK: What a tokenizer is

    @Test func tokensAreBytesMergesAndEndOfText() throws {
        var generator = FuzzGenerator(seed: 2)
        for size in [257, 258, 300, 1000] {
            var trainer = try TokenizerTrainer(vocabularySize: size)
            trainer.add(document: Self.randomText(&generator, lines: 200))
            var fractions: [Double] = []
            let tokenizer = try trainer.train { fractions.append($0) }
            #expect(tokenizer.vocabularySize == size)
            #expect(tokenizer.endOfText == size - 1)
            #expect(Set((0..<256).map { tokenizer.bytes(of: $0) }) == Set((0...255).map { [UInt8($0)] }))
            // GPT-2's order: the visible ones first.
            #expect(tokenizer.bytes(of: 0) == Array("!".utf8))
            #expect(tokenizer.bytes(of: 220) == Array(" ".utf8))
            #expect(fractions.count == size - 257)
            #expect(fractions.last ?? 1 == 1)
            for token in 256..<size - 1 {
                let bytes = try #require(tokenizer.bytes(of: token))
                #expect(tokenizer.encode(utf8: bytes) == [token])
            }
            for _ in 0..<50 {
                let bytes = (0..<generator.below(50)).map { _ in UInt8(generator.below(256)) }
                #expect(try tokenizer.decode(tokenizer.encode(utf8: bytes)) == bytes)
            }
        }
    }

    @Test func tokenizersAreWrittenAndReadBack() throws {
        let folder = try TemporaryFolder()
        let directory = "\(folder.path)/a/b/"
        var trainer = try TokenizerTrainer(vocabularySize: 300)
        trainer.add(document: #"the "cat" \ and the "hat" "#)
        let tokenizer = try trainer.train()
        try tokenizer.write(toDirectory: directory)
        let read = try Tokenizer(directory: directory)
        #expect(read.tokenizerJSON == tokenizer.tokenizerJSON)
        #expect(read.endOfText == tokenizer.endOfText)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["tokenizer.json"])

        let error = caughtError { () throws(InputError) in try tokenizer.write(toDirectory: directory) }
        #expect(error?.kind == .usage)
        #expect(error?.place == directory)
        let file = "\(directory)/tokenizer.json"
        let inFile = caughtError { () throws(InputError) in try tokenizer.write(toDirectory: file) }
        #expect(inFile?.kind == .missing)
        #expect(inFile?.place == file)
    }

    /// Tokenizers from other files have special tokens among the others.
    @Test(arguments: ReferenceVocabulary.available.map(\.rawValue) + ["small"])
    func anyTokenizerCanBeWritten(_ name: String) throws {
        let vocabulary = ReferenceVocabulary(rawValue: name)
        let tokenizer =
            try vocabulary?.tokenizer() ?? Tokenizer(directory: Fixtures.url("small").path)
        let copy = try tokenizer.tokenizerJSON.withUnsafeBytes { try Tokenizer(tokenizerJSON: $0) }
        #expect(copy.tokenizerJSON == tokenizer.tokenizerJSON)
        #expect(copy.vocabularySize == tokenizer.vocabularySize)
        #expect(copy.endOfText == tokenizer.endOfText)
        for token in 0..<tokenizer.vocabularySize { #expect(copy.bytes(of: token) == tokenizer.bytes(of: token)) }
        let text = "Once upon a time, naïve 😀 <|endoftext|> we'll\n\n  go"
        #expect(copy.encode(text, allowSpecial: true) == tokenizer.encode(text, allowSpecial: true))
    }

    /// The file that Hugging Face wrote has the same content.
    @Test func filesAreThoseOfHuggingFace() throws {
        let original = try JSONSerialization.jsonObject(with: Data(Fixtures.bytes("small/tokenizer.json"))) as? NSObject
        let tokenizer = try Tokenizer(directory: Fixtures.url("small").path)
        let copy = try JSONSerialization.jsonObject(with: Data(tokenizer.tokenizerJSON)) as? NSObject
        #expect(copy == original)
    }

    // MARK: What is refused

    @Test func vocabulariesWithoutRoomForTheBytesAreRefused() {
        for size in [256, 1, 0, -1, .min] {
            let error = caughtError { () throws(InputError) in try TokenizerTrainer(vocabularySize: size) }
            #expect(error?.kind == .usage)
            #expect(error?.problem.contains("\(size)") == true)
        }
    }

    @Test func absurdVocabulariesEndWithTheText() throws {
        var trainer = try TokenizerTrainer(vocabularySize: .max)
        trainer.add(document: "abcd abcd")
        #expect(try trainer.train().vocabularySize == 257 + 4)
    }

    @Test func textsWithoutTextAreRefused() throws {
        let folder = try TemporaryFolder()
        for text in ["", "<|endoftext|>", "<|endoftext|>\n<|endoftext|>\n"] {
            let path = try folder.write("text.txt", text.utf8)
            let error = caughtError { () throws(InputError) in try Self.train([path], vocabularySize: 300) }
            #expect(error?.kind == .data)
        }
    }

    @Test func missingFilesAndFoldersAreRefused() throws {
        let folder = try TemporaryFolder()
        let missing = caughtError { () throws(InputError) in
            try Self.train(["\(folder.path)/no-such-file"], vocabularySize: 300)
        }
        #expect(missing?.kind == .missing)
        let directory = caughtError { () throws(InputError) in try Self.train([folder.path], vocabularySize: 300) }
        #expect(directory?.kind == .data)
    }

    /// The first faulty byte is named, whichever thread finds it.
    @Test func textsThatAreNotUTF8AreRefused() throws {
        let folder = try TemporaryFolder()
        let lines = Array(String(repeating: "a naïve line of text\n", count: 100_000).utf8)
        for fault in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            for place in [0, 3, 1_000_006, lines.count] {
                let broken = lines[..<place] + fault + lines[place...] + fault
                let path = try folder.write("text.txt", broken)
                let error = caughtError { () throws(InputError) in
                    try Self.train([path], vocabularySize: 300, threads: 4)
                }
                #expect(error?.kind == .data)
                #expect(error?.place == path)
                #expect(error?.problem.contains("byte \(place),") == true, "\(String(describing: error))")
            }
        }
    }

    /// The second part begins with a fault, which its thread finds long before the first part's thread gets to its last.
    @Test func firstOfTwoFaultsIsNamed() throws {
        let folder = try TemporaryFolder()
        var text = Array(String(repeating: "a naïve line of text\n", count: 20_000).utf8)
        text[1 << 18 - 1000] = 0xFF
        text[1 << 18 + 100] = 0xFF
        let path = try folder.write("text.txt", text)
        for _ in 0..<20 {
            let error = caughtError { () throws(InputError) in try Self.train([path], vocabularySize: 300) }
            #expect(error?.problem.contains("byte \(1 << 18 - 1000),") == true, "\(String(describing: error))")
        }
    }
}
