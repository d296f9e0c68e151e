import Foundation
import TestSupport
import Testing
import Tokenizers

/// A vocabulary for which expected tokens are known.
enum ReferenceVocabulary: String, CaseIterable, Codable, CustomTestStringConvertible {
    /// The story model's, in this package.
    case story
    /// GPT-2's, which is not in this package: needs a folder `shared/data` beside it, or `SHARED_DATA`.
    case gpt2

    /// The vocabularies that can be tested here.
    static let available: [ReferenceVocabulary] = {
        if SharedData.folder == nil {
            print("skipping the tests with GPT-2's vocabulary: no folder ../shared/data, and SHARED_DATA is not set")
        }
        return SharedData.folder == nil ? [.story] : [.story, .gpt2]
    }()

    var testDescription: String { rawValue }

    func tokenizer() throws -> Tokenizer {
        switch self {
        case .story:
            return try Tokenizer(
                directory: SharedData.packageRoot.appendingPathComponent("Sources/StoryModelData").path)
        case .gpt2:
            let folder = try #require(SharedData.folder)
            return try Tokenizer(directory: folder.appendingPathComponent("gpt2-tokenizer").path)
        }
    }
}

enum SharedData {
    static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Texts and vocabularies that are not in the package, or nil.
    static let folder: URL? = {
        let path =
            ProcessInfo.processInfo.environment["SHARED_DATA"]
            ?? packageRoot.deletingLastPathComponent().appendingPathComponent("shared/data").path
        return FileManager.default.fileExists(atPath: path) ? URL(fileURLWithPath: path) : nil
    }()
}

enum Fixtures {
    static func url(_ name: String) throws -> URL {
        try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: url(name)))
    }

    static func decode<Value: Decodable>(_ name: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: url(name)))
    }
}

/// How many tokens a text has, and their FNV-1a hash.
struct TokenSummary: Decodable {
    let name: String
    let vocabulary: ReferenceVocabulary
    let count: Int
    let hash: String

    static func hash(_ tokens: [TokenID]) -> String {
        let value = tokens.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
