import Foundation
import TestSupport
import Testing

/// What a `gpt2 train` left, and how it is begun: a model so small that a run takes no time.
struct TrainingFolder {
    /// A line of metrics.jsonl without the rate, which depends on the machine.
    struct Line: Decodable, Equatable {
        let step: Int
        let loss: Double?
        let validationLoss: Double?
        let learningRate: Double?
        let gradientNorm: Double?
    }

    struct Sample: Decodable, Equatable {
        let step: Int
        let text: String
    }

    /// The result with `--format json`.
    struct Result: Decodable {
        let ending: String
        let steps: Int
        let loss: Double
        let bestValidationLoss: Double
        let bestStep: Int
        let model: String
        let seconds: Double
    }

    let path: String

    /// Trains to the end.
    static func train(_ path: String, _ options: [String]) async throws -> (folder: TrainingFolder, run: Command) {
        let run = try await Command.run(["train", "--out", path, "--log-every", "1"] + options)
        try #require(run.status == 0, "\(run.messages)")
        return (TrainingFolder(path: path), run)
    }

    static func result(_ run: Command) throws -> Result { try decoder.decode(Result.self, from: Data(run.output)) }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private func lines<Line: Decodable>(_ name: String) throws -> [Line] {
        let text = try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
        return try text.split(separator: "\n").map { try Self.decoder.decode(Line.self, from: Data($0.utf8)) }
    }

    func metrics() throws -> [Line] { try lines("metrics.jsonl") }
    func samples() throws -> [Sample] { try lines("samples.jsonl") }
    func losses() throws -> [Double] { try metrics().compactMap(\.loss) }
    func validationLosses() throws -> [Double] { try metrics().compactMap(\.validationLoss) }

    func checkpoint(_ name: String) -> String { "\(path)/checkpoints/\(name)" }
    func checkpoints() throws -> Set<String> {
        try Set(FileManager.default.contentsOfDirectory(atPath: "\(path)/checkpoints"))
    }

    func bytes(_ file: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)")) }
}

/// The float32 tensors of a .safetensors file, read by its format's description.
struct SafetensorsContent {
    struct Entry: Decodable {
        let shape: [Int]
        let dataOffsets: [Int]
    }

    private(set) var tensors: [String: (shape: [Int], values: [Float])] = [:]

    init(_ path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let header = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any] ?? [:]
        for (name, entry) in header where name != "__metadata__" {
            let entry = try decoder.decode(Entry.self, from: JSONSerialization.data(withJSONObject: entry))
            let bytes = data[8 + length + entry.dataOffsets[0]..<8 + length + entry.dataOffsets[1]]
            let values = bytes.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
            }
            // transformers writes the names below "transformer.".
            let short = name.hasPrefix("transformer.") ? String(name.dropFirst("transformer.".count)) : name
            tensors[short] = (entry.shape, values)
        }
    }
}
