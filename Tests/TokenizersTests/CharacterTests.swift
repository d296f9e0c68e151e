import Files
import Foundation
import Fuzzing
import TestSupport
import Testing
import Tokenizers

@Suite struct CharacterTests {
    private struct Cases: Decodable {
        struct Case: Decodable {
            let text: String
            let ids: [Int]
            let decoded: String
        }
        let text: String
        let cases: [Case]
    }

    private let json: [UInt8]
    private let reference: Cases

    init() throws {
        json = try Fixtures.bytes("characters.json")
        reference = try Fixtures.decode("characters_cases.json")
    }

    private static func load(_ json: [UInt8]) throws(InputError) -> Tokenizer {
        try json.withUnsafeBufferPointer { json throws(InputError) in
            try Tokenizer(tokenizerJSON: UnsafeRawBufferPointer(json))
        }
    }

    private static func load(_ json: String) throws(InputError) -> Tokenizer { try load(Array(json.utf8)) }

    private func tokenizer(endOfText: Bool = true) throws -> Tokenizer {
        var characters = CharacterVocabulary()
        characters.insert(reference.text)
        return try characters.tokenizer(endOfText: endOfText)
    }

    // MARK: The reference

    /// Byte for byte what Hugging Face tokenizers saves, so it loads it, too.
    @Test func writesWhatHuggingFaceWrites() throws {
        #expect(try String(decoding: tokenizer().tokenizerJSON, as: UTF8.self) == String(decoding: json, as: UTF8.self))
    }

    @Test func encodesAndDecodesAsHuggingFaceDoes() throws {
        for tokenizer in [try tokenizer(), try Self.load(json)] {
            #expect(tokenizer.isCharacterLevel && tokenizer.vocabularySize == 22 && tokenizer.endOfText == 21)
            for example in reference.cases {
                let ids = tokenizer.encode(example.text, allowSpecial: true)
                #expect(ids == example.ids, "\(example.text)")
                #expect(try Array(example.decoded.utf8) == tokenizer.decode(ids), "\(example.text)")
            }
        }
    }

    // MARK: Text

    @Test func charactersAreNumberedByCodePoint() throws {
        var characters = CharacterVocabulary()
        characters.insert("to be or not to be")
        let tokenizer = try characters.tokenizer()
        #expect(tokenizer.encode("note") == [3, 4, 6, 2])
        #expect((tokenizer.vocabularySize, tokenizer.endOfText) == (7, nil))
        var more = CharacterVocabulary()
        more.insert("ax")
        more.formUnion(characters)
        #expect(try more.tokenizer().encode("axb") == [1, 8, 2])
    }

    @Test func specialTokensInTextAreTextUnlessAllowed() throws {
        let tokenizer = try tokenizer()
        #expect(tokenizer.encode("<|endoftext|>", allowSpecial: true) == [21])
        // Of its thirteen characters, the vocabulary has e, n, d, t, e, t.
        #expect(tokenizer.encode("<|endoftext|>") == [10, 12, 9, 13, 10, 13])
        #expect(tokenizer.isSpecial(21) && !tokenizer.isSpecial(10))
    }

    @Test func charactersComeInPieces() throws {
        let tokenizer = try tokenizer()
        var decoder = StreamingDecoder(tokenizer)
        let text = tokenizer.encode("naïve 😀").map { decoder.append($0) }
        #expect(text == ["n", "a", "ï", "v", "e", " ", "😀"])
    }

    @Test func whatIsNotUTF8IsLeftOutOrAnError() throws {
        let tokenizer = try tokenizer()
        let bytes: [UInt8] = [0x61, 0xFF, 0x62, 0xC3, 0x61, 0xE4, 0xBD]
        #expect(tokenizer.encode(utf8: bytes) == [7, 7])
        let byte = caughtError { () throws(InputError) in try tokenizer.encodeExactly(bytes, in: "a text") }
        #expect(byte?.kind == .data && byte?.place == "a text")
        #expect(
            byte?.problem == "the byte FF, which is not UTF-8, at byte 1 has no token; the vocabulary has 22 characters"
        )
        let character = caughtError { () throws(InputError) in
            try tokenizer.encodeExactly(Array("<|endoftext|>ténζ".utf8), in: "p", allowSpecial: true)
        }
        #expect(character?.problem.hasPrefix("the character \"ζ\" at byte 17 has no token") == true)
        #expect(try tokenizer.encodeExactly(Array("thé<|endoftext|>".utf8), in: "", allowSpecial: true).last == 21)
    }

    // MARK: Files

    @Test func isWrittenAndReadAgain() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/model"
        try tokenizer().write(toDirectory: path)
        #expect(try Tokenizer(directory: path).encode(reference.text) == tokenizer().encode(reference.text))
        let configuration = try JSON.read("\(path)/tokenizer_config.json")
        #expect(try JSONFields(configuration, in: "").string("tokenizer_class") == "PreTrainedTokenizerFast")
        #expect(try JSONFields(configuration, in: "").string("eos_token") == "<|endoftext|>")
    }

    static let faults: [(old: String, new: String, problem: String)] = [
        (#""c": 8"#, #""ch": 8"#, #"the token "ch" is not a single character"#),
        (#""c": 8"#, #""c": 7"#, #"the tokens "a" and "c" have the same id 7"#),
        (#""c": 8"#, #""a": 8"#, #"occurs twice"#),
        (#""c": 8"#, #""c": 28"#, #"the token "c" has the id 28, but the ids of 22 tokens must be 0 to 21"#),
        (#""id": 21"#, #""id": 20"#, #"the tokens "😀" and "<|endoftext|>" have the same id 20"#),
        (
            #""content": "<|endoftext|>""#, #""content": "a""#,
            #"the added token "a" has the id 21, but in the vocabulary 7"#
        ),
        (
            #""merges": []"#, #""merges": ["a c"]"#,
            #""model.merges" must be empty in a tokenizer without a pre_tokenizer, whose tokens are single characters"#
        ),
        (#""unk_token": null"#, #""unk_token": "a""#, #""model.unk_token" is "a", which is not supported"#),
        (#""type": "Fuse""#, #""type": "BPEDecoder""#, "the pre_tokenizer is not given, which is not supported"),
        (#""byte_fallback": false"#, #""byte_fallback": true"#, #""model.byte_fallback" is true"#),
    ]

    @Test(arguments: faults) func saysWhatIsWrong(_ fault: (old: String, new: String, problem: String)) throws {
        let text = String(decoding: json, as: UTF8.self)
        #expect(text.contains(fault.old))
        let error = caughtError { () throws(InputError) in
            try Self.load(text.replacing(fault.old, with: fault.new))
        }
        #expect(error?.kind == .data)
        #expect(error?.problem.contains(fault.problem) == true, "\(error?.description ?? "no error")")
    }

    @Test func needsCharacters() {
        let error = caughtError { () throws(InputError) in try CharacterVocabulary().tokenizer() }
        #expect(error?.problem == "there are no characters to make tokens of")
    }
}
