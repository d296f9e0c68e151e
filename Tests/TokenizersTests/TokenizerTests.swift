import Files
import Foundation
import Fuzzing
import TestSupport
import Testing
import Tokenizers

@Suite struct TokenizerTests {
    private let story: Tokenizer

    init() throws {
        story = try ReferenceVocabulary.story.tokenizer()
    }

    private static func randomBytes(_ generator: inout FuzzGenerator) -> [UInt8] {
        let kind = generator.below(3)
        return (0..<generator.below(60)).flatMap { _ -> [UInt8] in
            switch kind {
            case 0: [UInt8(generator.below(256))]
            case 1: Array(generator.pick(["a", " ", "é", "😀", "\n", "\u{301}", "'", "1"]).utf8)
            default: generator.chance(80) ? [UInt8(0x80 + generator.below(128))] : [UInt8(generator.below(128))]
            }
        }
    }

    @Test func namesItsSpecialToken() {
        #expect(story.vocabularySize == 4096)
        #expect(story.endOfText == 4095)
        #expect(story.isSpecial(4095))
        #expect(!story.isSpecial(0))
        #expect(story.bytes(of: 4095) == Array("<|endoftext|>".utf8))
        #expect(story.encode("a<|endoftext|>b", allowSpecial: true).contains(4095))
        #expect(!story.encode("a<|endoftext|>b").contains(4095))
    }

    @Test func bytesComeBack() throws {
        var generator = FuzzGenerator(seed: 1)
        for _ in 0..<20_000 {
            let bytes = Self.randomBytes(&generator)
            #expect(try story.decode(story.encode(utf8: bytes)) == bytes)
        }
        for byte in UInt8.min...UInt8.max { #expect(try story.decode(story.encode(utf8: [byte])) == [byte]) }
    }

    /// Not every collection has its bytes in one place.
    @Test func anyCollectionCanBeEncoded() {
        let text = "Once upon a time, naïve 😀"
        #expect(story.encode(utf8: text.utf8.lazy.map { $0 }) == story.encode(text))
        #expect(story.encode(utf8: Array(text.utf8)[...]) == story.encode(text))
        #expect(story.encode("") == [])
    }

    @Test func tokensOutsideTheVocabularyAreRefused() {
        for token in [-1, 4096, .max, .min] {
            let error = caughtError { () throws(InputError) in try story.decode([0, token]) }
            #expect(error?.kind == .usage)
            #expect(error?.problem == "the token \(token) is outside the vocabulary of 4096 tokens")
            #expect(story.bytes(of: token) == nil)
            #expect(!story.isSpecial(token))
        }
    }

    @Test func manyThreadsGetTheSameTokens() async {
        let text = String(repeating: "The old king's 12 naïve horses\n\nran\t home… ", count: 500)
        let expected = story.encode(text)
        await withTaskGroup(of: [TokenID].self) { group in
            for _ in 0..<8 { group.addTask { story.encode(text) } }
            for await tokens in group { #expect(tokens == expected) }
        }
    }

    // MARK: Streaming

    @Test func streamedPiecesAreTheWholeText() throws {
        var generator = FuzzGenerator(seed: 2)
        for _ in 0..<5_000 {
            let bytes = Self.randomBytes(&generator)
            // One token a byte cuts every character; the usual tokens cut some.
            let tokens =
                generator.chance(50) ? bytes.flatMap { story.encode(utf8: [$0]) } : story.encode(utf8: bytes)
            var decoder = StreamingDecoder(story)
            let text = tokens.map { decoder.append($0) }.joined() + decoder.finish()
            #expect(Array(text.utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8))
            #expect(decoder.finish() == "")
        }
    }

    @Test func charactersAreHeldBackUntilComplete() {
        var decoder = StreamingDecoder(story)
        let pieces = Array("é😀".utf8).flatMap { story.encode(utf8: [$0]) }.map { decoder.append($0) }
        #expect(pieces == ["", "é", "", "", "", "😀"])
    }

    @Test func brokenCharactersBecomeReplacementCharacters() {
        var decoder = StreamingDecoder(story)
        for byte in [0xF0, 0x9F, 0x98] as [UInt8] {
            #expect(story.encode(utf8: [byte]).map { decoder.append($0) } == [""])
        }
        #expect(story.encode("a").map { decoder.append($0) } == ["\u{FFFD}a"])
        #expect(story.encode(utf8: [0xE2]).map { decoder.append($0) } == [""])
        #expect(decoder.append(4096) == "\u{FFFD}\u{FFFD}")
        #expect(decoder.finish() == "")
    }

    // MARK: Time

    /// Four times the text takes about four times the time, whatever it is; sixteen times would be quadratic. Both sizes
    /// are beyond the caches. Counted in the thread's own processor time, because other tests run at the same
    /// time.
    @Test(arguments: ["a", " ", "\u{301}", "ab", "é", "'", "\n"])
    func timeIsLinear(_ unit: String) {
        func threadSeconds() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        func best(_ bytes: Int) -> Double {
            let text = String(repeating: unit, count: bytes / unit.utf8.count)
            return (0..<3).map { _ in
                let start = threadSeconds()
                _ = story.encode(text)
                return threadSeconds() - start
            }.min() ?? 0
        }
        let (short, long) = (best(1 << 19), best(1 << 21))
        #expect(long < 12 * short + 0.05, "512 KiB take \(short) s, 2 MiB \(long) s")
    }
}
