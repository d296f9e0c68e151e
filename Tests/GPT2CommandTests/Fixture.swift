import Foundation
import TestSupport

/// The model directory of Fixtures/make.py, and what transformers makes of it.
enum Fixture {
    private static let folder = Bundle.module.bundleURL.appendingPathComponent("Fixtures")
    static let tiny = folder.appendingPathComponent("tiny").path

    struct Expected: Decodable {
        let tokens: [String: [Int]]
        let special: [Int]
        let logits: [[Double]]
        let greedy: [Int]
        let scoredText: String
        let scoredTokens: Int
        let loss: Double
    }

    static func expected() throws -> Expected {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            Expected.self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
    }

    /// The text of the prompt that expected.json holds logits and a continuation for.
    static let prompt = "Once upon a time"

    /// A copy of the directory without some of its files.
    static func tiny(without names: String...) throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        try copy.copyFiles(of: URL(fileURLWithPath: tiny))
        for name in names { try FileManager.default.removeItem(atPath: "\(copy.path)/\(name)") }
        return copy
    }

    /// A copy of the directory with a changed file.
    static func tiny(changing name: String, _ change: (inout Data) throws -> Void) throws -> TemporaryFolder {
        let copy = try tiny()
        var content = try Data(contentsOf: URL(fileURLWithPath: "\(copy.path)/\(name)"))
        try change(&content)
        try copy.write(name, content)
        return copy
    }
}
