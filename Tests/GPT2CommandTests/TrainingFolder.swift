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
