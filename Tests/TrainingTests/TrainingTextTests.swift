import Files
import Foundation
import TestSupport
import Testing
import Tokenizers
import Training

@Suite struct TrainingTextTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ name: String, _ text: String) throws -> String { try folder.write(name, text.utf8) }

    private func characters(_ texts: [String], validation: [String] = [], limit: Int = 1 << 20) throws -> TrainingData {
        try TrainingData.prepare(
            texts: texts, validationTexts: validation, tokenizer: .characters, folder: "\(folder.path)/tokens",
            memoryLimit: limit)
    }

    private func text(_ tokens: TokenSequence, _ tokenizer: Tokenizer?) throws -> String {
        try String(decoding: #require(tokenizer).decode(tokens.ids(0..<tokens.count)), as: UTF8.self)
    }

    // MARK: Characters

    /// The ids and the cut of nanoGPT's `data/shakespeare_char/prepare.py`: vocabulary 65, 1,003,854 and 111,540 tokens.
    @Test(.enabled(if: SharedData.file("tinyshakespeare.txt") != nil, "tinyshakespeare.txt is not there"))
    func charactersAreNanoGPTs() throws {
        let path = try #require(SharedData.file("tinyshakespeare.txt"))
        let data = try characters([path], limit: 1 << 24)
        #expect(data.vocabularySize == 65 && data.tokenizer?.endOfText == nil)
        #expect((data.training.count, data.validation.count) == (1_003_854, 111_540))
        // "First Citi" and "?\n\nGREMIO:" as prepare.py numbers them.
        #expect(data.training.ids(0..<10) == [18, 47, 56, 57, 58, 1, 15, 47, 58, 47])
        #expect(data.validation.ids(0..<10) == [12, 0, 0, 19, 30, 17, 25, 21, 27, 10])
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/tokens") == false)
    }

    @Test func documentsEndWithTheEndToken() throws {
        let one = try write(
            "one", "<|endoftext|>\nab\n<|endoftext|>\n<|endoftext|>\nba\nb <|endoftext|>\n<|endoftext|>\n")
        let two = try write("two", "aab")
        let texts = try TrainingTexts([one, two])
        let tokenizer = try texts.characterTokenizer()
        // Characters, then the end token: it is there because separator lines are.
        let expected = "ab\n|ba\nb <|endoftext|>\n|aab|"
        let tokens = try texts.tokens(tokenizer, spillingTo: folder.path)
        let end = try #require(tokenizer.endOfText)
        #expect(end == tokenizer.vocabularySize - 1)
        let spelled = tokens.ids(0..<tokens.count).map {
            $0 == end ? "|" : String(decoding: tokenizer.bytes(of: $0) ?? [], as: UTF8.self)
        }
        #expect(spelled.joined() == expected)
    }

    @Test func withoutSeparatorsThereIsNoEndToken() throws {
        let data = try characters([write("one", "abcabc"), write("two", "dddd")])
        #expect(data.tokenizer?.endOfText == nil && data.vocabularySize == 4)
        #expect(try text(data.training, data.tokenizer) == "abcabcddd")
        #expect(try text(data.validation, data.tokenizer) == "d")
    }

    @Test func validationTextsKeepTheWholeText() throws {
        let data = try characters([write("one", "abab")], validation: [write("two", "bxb")])
        #expect(try text(data.training, data.tokenizer) == "abab")
        #expect(try text(data.validation, data.tokenizer) == "bxb")
        #expect(data.vocabularySize == 3)
    }

    // MARK: Byte pairs

    @Test func bytePairsAreThoseOfTheWholeText() throws {
        var trainer = try TokenizerTrainer(vocabularySize: 300)
        let line = "The quick brown fox jumps over the lazy dog, and the dog doesn't mind at all.\n"
        trainer.add(document: line)
        let tokenizer = try trainer.train()
        // Longer than what is read at once, so that it is cut somewhere.
        let long = String(repeating: line, count: 8000)
        let path = try write("long", long + "<|endoftext|>\n" + line)
        let tokens = try TrainingTexts([path]).tokens(tokenizer, spillingTo: folder.path)
        let end = try #require(tokenizer.endOfText)
        let expected = tokenizer.encode(long) + [end] + tokenizer.encode(line) + [end]
        #expect(tokens.ids(0..<tokens.count) == expected)
    }

    // MARK: Texts longer than memory

    @Test(arguments: [false, true]) func longTextsGoToDiskAndStayTheSame(hasValidation: Bool) throws {
        let long = (0..<40_000).map { "line \($0) of many\n" }.joined()
        let one = try write("one", long)
        let two = hasValidation ? [try write("two", String(long.reversed()))] : []
        let small = try characters([one], validation: two)
        let large = try characters([one], validation: two, limit: 100_000)
        let tokens = "\(folder.path)/tokens"
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: tokens).sorted()
                == ["meta.json", "tokenizer.json", "train.bin", "val.bin"])
        for (left, right) in [(small.training, large.training), (small.validation, large.validation)] {
            #expect(try left.scan(vocabularySize: 100) == right.scan(vocabularySize: 100))
        }
        // A run that is taken up again finds its tokens; nanoGPT finds plain 16-bit ids.
        let again = try characters([one], validation: two, limit: 100_000)
        #expect(try again.training.scan(vocabularySize: 100) == small.training.scan(vocabularySize: 100))
        #expect(again.tokenizer?.encode("many") == small.tokenizer?.encode("many"))
        #expect(try TokenShard(path: "\(tokens)/val.bin").format == .nanoGPT)
    }

    /// Whoever needs them only once removes the files first, and leaves nothing behind.
    @Test func tokensOutliveTheirFiles() throws {
        let path = try write("one", (0..<40_000).map { "line \($0) of many\n" }.joined())
        let kept = try characters([path])
        let removed = try characters([path], limit: 100_000)
        try Folder.remove("\(folder.path)/tokens")
        #expect(try removed.training.scan(vocabularySize: 100) == kept.training.scan(vocabularySize: 100))
        #expect(try removed.validation.scan(vocabularySize: 100) == kept.validation.scan(vocabularySize: 100))
    }

    @Test func aTextThatChangedIsNoticed() throws {
        let path = try write("one", String(repeating: "some text\n", count: 1000))
        _ = try characters([path], limit: 1000)
        _ = try write("one", String(repeating: "some text\n", count: 1001))
        let error = caughtError { () throws(InputError) in
            try TrainingData.prepare(texts: [path], tokenizer: .characters, folder: "\(folder.path)/tokens")
        }
        #expect(error?.kind == .data)
        #expect(error?.problem == "the tokens were made from 10000 bytes of text, but the text now has 10010")
    }

    /// What a killed preparation leaves is no obstacle.
    @Test func unfinishedPreparationStartsAgain() throws {
        let path = try write("one", String(repeating: "some text\n", count: 1000))
        let parts = "\(folder.path)/tokens/parts/train"
        try FileManager.default.createDirectory(atPath: parts, withIntermediateDirectories: true)
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(parts)/part-0.bin"))
        let data = try characters([path], limit: 1000)
        #expect((data.training.count, data.validation.count) == (9000, 1000))
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/tokens/parts") == false)
    }

    /// Killed when the tokens were whole and their parts not yet removed.
    @Test func partsThatWereLeftAreRemoved() throws {
        let path = try write("one", String(repeating: "some text\n", count: 1000))
        _ = try characters([path], limit: 1000)
        let parts = "\(folder.path)/tokens/parts"
        try FileManager.default.createDirectory(atPath: parts, withIntermediateDirectories: true)
        #expect(try characters([path], limit: 1000).training.count == 9000)
        #expect(!FileManager.default.fileExists(atPath: parts))
    }

    // MARK: Bad input

    @Test func emptyAndTinyTextsSayHowManyTokensThereAre() throws {
        let empty = try write("empty", "")
        let none = caughtError { () throws(InputError) in try TrainingTexts([empty]) }
        #expect(none?.kind == .data && none?.place == empty && none?.problem == "the text is empty")

        let tiny = try characters([write("tiny", "tiny text!")])
        let few = caughtError { () throws(InputError) in try tiny.check(vocabularySize: 10, contextLength: 64) }
        #expect(few?.problem == "the training data has 9 tokens; a context of 64 needs at least 65")
        let short = caughtError { () throws(InputError) in try tiny.check(vocabularySize: 10, contextLength: 4) }
        #expect(short?.problem == "the validation data has 1 token; a context of 1 needs at least 2")

        let separators = try write("separators", "<|endoftext|>\n<|endoftext|>\n")
        let error = caughtError { () throws(InputError) in try TrainingTexts([separators]).characterTokenizer() }
        #expect(error?.problem == "there are no characters to make tokens of")
    }

    @Test(arguments: [true, false]) func textThatIsNotUTF8SaysWhere(isLate: Bool) throws {
        let start = Array(String(repeating: "good line é\n", count: isLate ? 60_000 : 1).utf8)
        let path = try folder.write("bad", start + [0x61, 0xC3, 0x28, 0x0A])
        let error = caughtError { () throws(InputError) in try TrainingTexts([path]) }
        #expect(error?.kind == .data && error?.place == path)
        #expect(error?.problem == "the text is not UTF-8: byte \(start.count + 1), counted from 0, is C3")
    }

    @Test func aCharacterWithoutATokenIsNamed() throws {
        let tokenizer = try TrainingTexts([write("one", "abc\n")]).characterTokenizer()
        let two = try write("two", "abba\nabçc")
        let error = caughtError { () throws(InputError) in
            try TrainingTexts([two]).tokens(tokenizer, spillingTo: folder.path)
        }
        #expect(error?.kind == .data && error?.place == two)
        #expect(error?.problem == "the character \"ç\" at byte 7 has no token; the vocabulary has 4 characters")
    }

    @Test func namesATextThatIsNotThere() {
        let error = caughtError { () throws(InputError) in try TrainingTexts(["/nonexistent/text"]) }
        #expect(error?.kind == .missing && error?.place == "/nonexistent/text")
    }
}
