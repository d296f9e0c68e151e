import Checkpoints
import Files
import Foundation
import Testing

/// The model directories that transformers wrote, and what it says of them.
enum Fixture {
    struct Tensor: Decodable {
        let dtype: String
        let shape: [Int]
        let checksum: UInt32
    }

    struct Shapes: Decodable {
        struct Config: Decodable {
            let vocab_size, n_positions, n_embd, n_layer, n_head: Int
            let n_inner: Int?
            let tie_word_embeddings: Bool?
        }

        let config: Config
        let shapes: [String: [Int]]
    }

    struct Expected: Decodable {
        let directories: [String: [String: Tensor]]
        let tied: [String: Bool]
        let shapes: [Shapes]
    }

    static let names = ["plain", "sharded", "f16", "bf16", "prefixless", "untied", "legacy", "retied", "headonly"]

    static func url(_ name: String) throws -> URL {
        try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/\(name)")
    }

    static func expected() throws -> Expected {
        try JSONDecoder().decode(Expected.self, from: Data(contentsOf: url("expected.json")))
    }

    static func directory(_ name: String) throws -> ModelDirectory {
        try ModelDirectory(url(name).path)
    }

    /// The bytes of the plain directory's weights.
    static func plain() throws -> [UInt8] {
        try [UInt8](Data(contentsOf: url("plain/model.safetensors")))
    }
}

/// A safetensors file with that header text and that many bytes of data.
func safetensors(_ header: String, data count: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let text = [UInt8](header.utf8)
    return withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { [UInt8]($0) } + text
        + (0..<count).map { UInt8(truncatingIfNeeded: $0) }
}

/// The header's member for a tensor.
func member(_ name: String, _ dtype: String = "F32", _ shape: [Int] = [1], _ offsets: [Int] = [0, 4]) -> String {
    "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}
