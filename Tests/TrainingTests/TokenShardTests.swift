import Files
import Foundation
import TestSupport
import Testing
import Training

@Suite struct TokenShardTests {
    private static let narrow = (0..<40).map { (7 * $0 * $0 + 3) % 50257 } + [50256, 0]
    private static let wide = narrow + [65536, 128255]

    static let files: [(name: String, format: TokenFormat, ids: [Int], vocabulary: Int)] = [
        ("nanogpt.bin", .nanoGPT, narrow, 50257), ("llmc.bin", .llmC, narrow, 50257),
        ("llmc-wide.bin", .llmCWide, wide, 128_256),
    ]

    @Test(arguments: files)
    func readsAndWritesTheFormats(
        _ file: (name: String, format: TokenFormat, ids: [Int], vocabulary: Int)
    ) throws {
        let shard = try TokenShard(path: Fixture.path(file.name))
        #expect(shard.format == file.format)
        let tokens = TokenSequence([shard])
        #expect(tokens.ids(0..<tokens.count) == file.ids)
        try tokens.scan(vocabularySize: file.vocabulary)

        let folder = try TemporaryFolder()
        let copy = "\(folder.path)/copy.bin"
        try file.format.write(tokens, vocabularySize: file.vocabulary, to: copy)
        #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: copy))) == Fixture.bytes(file.name))
    }

    @Test func theFingerprintIsOfTheTokensAlone() throws {
        let summaries = try Self.files.map { file in
            let tokens = try TokenSequence([TokenShard(path: Fixture.path(file.name))])
            return try tokens[0..<Self.narrow.count].scan(vocabularySize: 50257)
        }
        // FNV-1a of the 42 ids, each taken as one unit, computed by hand in Python.
        #expect(summaries.allSatisfy { $0 == summaries[0] && $0.count == 42 })
        #expect(summaries[0].fingerprint == "c0257988b813fded")
        let others = try TokenSequence([TokenShard(path: Fixture.path("nanogpt.bin"))])[1..<42]
        #expect(try others.scan(vocabularySize: 50257).fingerprint != summaries[0].fingerprint)
    }

    @Test func joinsShardsAndCutsThem() throws {
        let shards = try ["nanogpt.bin", "llmc-wide.bin", "llmc.bin"].map { try TokenShard(path: Fixture.path($0)) }
        let tokens = TokenSequence(shards)
        let ids = Self.narrow + Self.wide + Self.narrow
        #expect(tokens.count == ids.count)
        for range in [0..<ids.count, 41..<43, 40..<90, 86..<87, 42..<42, 127..<128, 3..<128] {
            #expect(tokens.ids(range) == Array(ids[range]), "\(range)")
            let part = tokens[range]
            #expect(part.ids(0..<part.count) == Array(ids[range]), "\(range)")
            let inner = part.count / 3..<part.count
            #expect(part[inner].ids(0..<inner.count) == Array(ids[range].dropFirst(part.count / 3)), "\(range)")
        }
    }

    // MARK: Bad input

    @Test func namesTheFirstForeignToken() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("odd.bin", [1, 0, 2, 0, 9, 0, 3, 0, 200, 0])
        let tokens = try TokenSequence([TokenShard(path: path)])
        let error = caughtError { () throws(InputError) in try tokens.scan(vocabularySize: 9) }
        #expect(error?.kind == .data && error?.place == path)
        #expect(error?.problem == "the token at position 2 is 9, outside the vocabulary of 9 tokens")
        #expect(throws: Never.self) { try tokens.scan(vocabularySize: 201) }
    }

    @Test func refusesAVocabularyTooLargeForSixteenBits() throws {
        let folder = try TemporaryFolder()
        for name in ["nanogpt.bin", "llmc.bin"] {
            let tokens = try TokenSequence([TokenShard(path: Fixture.path(name))])
            try tokens.scan(vocabularySize: 65_535)
            let reading = caughtError { () throws(InputError) in try tokens.scan(vocabularySize: 65_536) }
            #expect(reading?.kind == .data)
            #expect(
                reading?.problem == "ids of 16 bits do not hold a vocabulary of 65536 tokens; they hold 65535")
            let writing = caughtError { () throws(InputError) in
                try TokenFormat.llmC.write(tokens, vocabularySize: 100_277, to: "\(folder.path)/new.bin")
            }
            #expect(writing?.problem.contains("100277") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
        #expect(TokenFormat.fitting(vocabularySize: 65_535) == .nanoGPT)
        #expect(TokenFormat.fitting(vocabularySize: 65_536) == .llmCWide)
    }

    private static func word(_ value: Int32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) } }

    private static func file(_ magic: Int32, _ version: Int32, _ count: Int32, padding: Int) -> [UInt8] {
        word(magic) + word(version) + word(count) + [UInt8](repeating: 0, count: padding)
    }

    /// Shown by its problem: the bytes would fill pages.
    struct Fault: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let problem: String
        var testDescription: String { problem }
    }

    static let faults = [
        ([], "the file is empty; token ids were expected"),
        ([1, 0, 2], "the file has 3 bytes, an odd number; 16-bit token ids were expected"),
        (file(20_240_520, 1, 3, padding: 0), "the header has 1024 bytes, but the file ends after 12"),
        (
            file(20_240_520, 2, 3, padding: 1018),
            "the header says version 2, but llm.c's 16-bit format is version 1"
        ),
        (file(20_240_801, 1, 3, padding: 1018), "the header says version 1, but llm.c's 32-bit format is version 7"),
        (file(20_240_520, 1, 0, padding: 1012), "the header says that the file holds 0 tokens"),
        (file(20_240_520, 1, -5, padding: 1012), "the header says that the file holds -5 tokens"),
        (
            file(20_240_520, 1, 4, padding: 1018),
            "the header says 4 tokens, which take 1032 bytes, but the file has 1030 bytes"
        ),
        (
            file(20_240_520, 1, 2, padding: 1018),
            "the header says 2 tokens, which take 1028 bytes, but the file has 1030 bytes"
        ),
        (
            file(20_240_801, 7, .max, padding: 1012),
            "the header says 2147483647 tokens, which take 8589935612 bytes, but the file has 1024 bytes"
        ),
        (file(20_240_326, 3, 1, padding: 1012), "the file is a model of llm.c, not tokens"),
        (file(20_240_522, 1, 1, padding: 1012), "the file is an evaluation set of llm.c, not tokens"),
    ].map { (bytes: [UInt8], problem: String) in Fault(bytes: bytes, problem: problem) }

    @Test(arguments: faults) func saysWhatIsWrongWithAFile(_ fault: Fault) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("shard.bin", fault.bytes)
        let error = caughtError { () throws(InputError) in try TokenShard(path: path) }
        #expect(error?.kind == .data && error?.place == path)
        #expect(error?.problem == fault.problem)
    }

    @Test func namesAFileThatIsNotThere() throws {
        let error = caughtError { () throws(InputError) in try TokenShard(path: "/nonexistent/train.bin") }
        #expect(error?.kind == .missing)
    }
}
