import Files
import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite struct LoadingTests {
    private let json: String
    private let vocabulary: String
    private let merges: String
    private static let text = "the cat and the hat, naïve or not\n <|endoftext|>!"

    init() throws {
        json = String(decoding: try Fixtures.bytes("small/tokenizer.json"), as: UTF8.self)
        vocabulary = String(decoding: try Fixtures.bytes("small/vocab.json"), as: UTF8.self)
        merges = String(decoding: try Fixtures.bytes("small/merges.txt"), as: UTF8.self)
    }

    private static func load(_ json: String) throws(InputError) -> Tokenizer {
        try Array(json.utf8).withUnsafeBytes { bytes in
            Result { () throws(InputError) in try Tokenizer(tokenizerJSON: bytes) }
        }.get()
    }

    private static func load(_ vocabulary: String, _ merges: [UInt8]) throws(InputError) -> Tokenizer {
        try Array(vocabulary.utf8).withUnsafeBytes { vocabulary in
            merges.withUnsafeBytes { merges in
                Result { () throws(InputError) in try Tokenizer(vocabulary: vocabulary, merges: merges) }
            }
        }.get()
    }

    // MARK: Files that are read

    @Test func bothFormsOfFilesGiveTheSameTokenizer() throws {
        let one = try Self.load(json)
        let other = try Self.load(vocabulary, Array(merges.utf8))
        #expect(one.vocabularySize == 300)
        #expect(other.vocabularySize == 300)
        #expect(one.endOfText == 0)
        #expect(other.endOfText == 0)
        #expect(one.encode(Self.text, allowSpecial: true) == other.encode(Self.text, allowSpecial: true))
        #expect(one.encode(Self.text).count < Self.text.utf8.count)
    }

    @Test func spellingsOfTheSameFileAreRead() throws {
        let expected = try Self.load(json).encode(Self.text)
        let array = try #require(json.firstRange(of: #"["h","e"]"#))
        let windows = merges.replacing("\n", with: "\r\n")
        let bare = merges.split(separator: "\n").dropFirst().joined(separator: "\n")
        #expect(try Self.load(json.replacingCharacters(in: array, with: #""h e""#)).encode(Self.text) == expected)
        #expect(try Self.load(json.replacing(#""type":"BPE","#, with: "")).encode(Self.text) == expected)
        for processor in [
            #"{"type":"ByteLevel"}"#, #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}}]}"#,
        ] {
            let file = json.replacing(#""post_processor":null"#, with: #""post_processor":\#(processor)"#)
            #expect(try Self.load(file).encode(Self.text) == expected)
        }
        #expect(try Self.load(vocabulary, Array(windows.utf8)).encode(Self.text) == expected)
        #expect(try Self.load(vocabulary, Array((merges + "\n").utf8)).encode(Self.text) != [])
        #expect(try Self.load(vocabulary, Array(bare.utf8)).encode(Self.text) == expected)
    }

    /// Escapes make a string shorter than its text, and no order of the keys is promised.
    @Test func escapesAndOrderChangeNothing() throws {
        let expected = try Self.load(json).encode(Self.text)
        let escaped = json.unicodeScalars.map { scalar in
            scalar.isASCII ? String(scalar) : String(format: "\\u%04x", scalar.value)
        }.joined()
        #expect(escaped != json && escaped.utf8.allSatisfy { $0 < 0x80 })
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8))
        let sorted = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
        for text in [escaped, String(decoding: sorted, as: UTF8.self)] {
            #expect(try Self.load(text).encode(Self.text) == expected)
        }
    }

    @Test func tokenizerJSONGoesFirst() throws {
        let folder = try TemporaryFolder()
        #expect(!Tokenizer.hasFiles(in: folder.path))
        let nothing = caughtError { () throws(InputError) in try Tokenizer(directory: folder.path) }
        #expect(nothing?.kind == .missing)
        #expect(nothing?.place == folder.path)

        try folder.write("vocab.json", vocabulary.utf8)
        let half = caughtError { () throws(InputError) in try Tokenizer(directory: folder.path) }
        #expect(half?.kind == .missing)
        #expect(half?.place == "\(folder.path)/merges.txt")

        try folder.write("merges.txt", merges.utf8)
        #expect(try Tokenizer(directory: folder.path).vocabularySize == 300)
        #expect(Tokenizer.hasFiles(in: folder.path))
        try folder.write("tokenizer.json", "{}".utf8)
        let first = caughtError { () throws(InputError) in try Tokenizer(directory: folder.path) }
        #expect(first?.place == "\(folder.path)/tokenizer.json")
    }

    // MARK: Files that are refused

    /// A text in tokenizer.json, what stands there instead, and what the error then says.
    @Test(arguments: [
        (#""model":{"type":"BPE""#, #""model":{"type":"Unigram""#, #"the model is "Unigram""#),
        (#""normalizer":null"#, #""normalizer":{"type":"NFC"}"#, #"the normalizer is "NFC""#),
        (#""pre_tokenizer":{"type":"ByteLevel""#, #""pre_tokenizer":{"type":"Whitespace""#, #"is "Whitespace""#),
        (#""add_prefix_space":false"#, #""add_prefix_space":true"#, #""pre_tokenizer.add_prefix_space" is true"#),
        (#""use_regex":true"#, #""use_regex":false"#, #""pre_tokenizer.use_regex" is false"#),
        (#""post_processor":null"#, #""post_processor":{"type":"BertProcessing"}"#, "BertProcessing"),
        (
            #""post_processor":null"#,
            #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"a"}}]}"#,
            "adds a special token"
        ),
        (#""decoder":{"type":"ByteLevel""#, #""decoder":{"type":"WordPiece""#, #"the decoder is "WordPiece""#),
        (#""dropout":null"#, #""dropout":0.1"#, #""model.dropout" is 0.1"#),
        (#""continuing_subword_prefix":null"#, #""continuing_subword_prefix":"@@""#, #"is "@@""#),
        (#""end_of_word_suffix":null"#, #""end_of_word_suffix":"</w>""#, #"is "</w>""#),
        (#""byte_fallback":false"#, #""byte_fallback":true"#, #""model.byte_fallback" is true"#),
        (#""ignore_merges":false"#, #""ignore_merges":true"#, #""model.ignore_merges" is true"#),
        (#""lstrip":false"#, #""lstrip":true"#, #""lstrip" is true"#),
        (#""!":1,"#, "", #"no token has the id 1, but ids go up to 299"#),
        (#""!":1,"#, #""!":-1,"#, #"the token "!" has the id -1"#),
        (#""!":1,"#, #""!":1000000000000000,"#, #"the token "!" has the id 1000000000000000"#),
        (#""!":1,"#, #""!":2,"#, #"the tokens "!" and "\"" have the same id 2"#),
        (#""!":1,"#, #""!":1.5,"#, #"the id of the token "!" must be an integer"#),
        (#""!":1,"#, #""!":1,"!":1,"#, "occurs twice"),
        (#""!":1,"#, #""!?!?":1,"#, "no token stands for the byte 33"),
        (#""!":1,"#, #""你":1,"#, "not in GPT-2's byte-level alphabet"),
        (#""!":1,"#, #""":1,"#, "the token with the id 1 is empty"),
        (#"["h","e"]"#, #"["h"]"#, "must be two tokens"),
        (#"["h","e"]"#, #""h""#, "must be two tokens"),
        (#"["h","e"]"#, #""h  e""#, "must be two tokens"),
        (#"["h","e"]"#, "5", "must be two tokens"),
        (#"["h","e"]"#, #"["q","z"]"#, #"needs the token "q" + "z", which is not in the vocabulary"#),
        (#"["h","e"]"#, #"["qz","e"]"#, #"needs the token "qz", which is not in the vocabulary"#),
        (#"["h","e"]"#, #"["h","e"],["h","e"]"#, "a second time"),
        (#"["h","e"],"#, "", #"needs the token "he", which no merge makes"#),
        (#""pre_tokenizer":{"#, #""pre_tokenizer":null,"other":{"#, "the pre_tokenizer is not given"),
        (#""id":0,"#, #""id":1,"#, #"the tokens "!" and "<|endoftext|>" have the same id 1"#),
        (
            #""added_tokens":["#, #""added_tokens":[{"id":0,"content":"<|endoftext|>"},"#,
            #"the tokens "<|endoftext|>" and "<|endoftext|>" have the same id 0"#
        ),
        (#""added_tokens":["#, #""added_tokens":[{"id":300,"content":""},"#, "the token with the id 300 is empty"),
        (
            #""added_tokens":["#, #""added_tokens":[{"id":300,"content":"he"},"#,
            #"the added token "he" has the id 300, but in the vocabulary"#
        ),
    ])
    func faultyTokenizerJSONIsRefused(_ original: String, _ replacement: String, _ problem: String) throws {
        let range = try #require(json.firstRange(of: original), "the fixture has no \(original)")
        let error = caughtError { () throws(InputError) in
            try Self.load(json.replacingCharacters(in: range, with: replacement))
        }
        #expect(error?.kind == .data)
        #expect(error?.place?.hasPrefix("tokenizer.json") == true)
        #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
    }

    /// What stands in merges.txt instead of its first merges, "h e" and "t he", and what the error then says.
    @Test(arguments: [
        ("h\n", "line 2 must be two tokens"), ("h e x\n", "line 2 must be two tokens"),
        ("\n", "line 2 must be two tokens"), (" e\n", "line 2 must be two tokens"),
        ("h e\nh e\n", "line 3 joins \"h\" and \"e\" a second time"),
        ("q z\n", "line 2 needs the token \"q\" + \"z\", which is not in the vocabulary"),
        ("h 你\n", "line 2 needs the token \"你\", which is not in the vocabulary"),
        ("t he\n", "line 2 needs the token \"he\", which no merge makes"),
        ("t he\nh e\n", "line 2 needs the token \"he\", which line 3 makes too late"),
    ])
    func faultyMergesAreRefused(_ replacement: String, _ problem: String) throws {
        let range = try #require(merges.firstRange(of: "h e\nt he\n"))
        let error = caughtError { () throws(InputError) in
            try Self.load(vocabulary, Array(merges.replacingCharacters(in: range, with: replacement).utf8))
        }
        #expect(error?.kind == .data)
        #expect(error?.place == "merges.txt")
        #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
    }

    @Test func filesCutShortAreRefusedOrRead() throws {
        for count in stride(from: 0, to: json.utf8.count - 1, by: 7) {
            let text = String(decoding: json.utf8.prefix(count), as: UTF8.self)
            let error = caughtError { () throws(InputError) in try Self.load(text) }
            #expect(error?.kind == .data)
        }
        let broken = caughtError { () throws(InputError) in try Self.load(vocabulary, Array(merges.utf8) + [0xFF]) }
        #expect(broken?.kind == .data)
        #expect(try Self.load(vocabulary, []).encode("he") == [72, 69])
    }
}
