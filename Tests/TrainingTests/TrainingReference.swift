import Checkpoints
import Foundation
import GPT2
import TestSupport

/// Losses and gradients of PyTorch in float64, made by Fixtures/make_training.py.
struct TrainingReference: Decodable {
    struct Settings: Decodable {
        let learningRate, beta1, beta2, epsilon, weightDecay, clip: Double
    }

    let settings: Settings
    /// [steps, batch, time + 1].
    let batches: [[[Int]]]
    let losses: [Double]
    let norms: [Double]

    static let names = ["base", "flags", "long"]

    static func folder() throws -> URL {
        guard let folder = Bundle.module.url(forResource: "Fixtures/training", withExtension: nil) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return folder
    }

    init(_ name: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(
            Self.self, from: Data(contentsOf: Self.folder().appendingPathComponent("\(name).json")))
    }

    /// The network with the weights that it starts from.
    static func model(_ name: String) throws -> GPT2 {
        let reference = try ReferenceCase(contentsOf: folder().appendingPathComponent("\(name).json"))
        return try CounterCheckpoint.with(reference) { try GPT2(trainable: $0) }
    }

    /// The gradients of the first step, by path.
    static func gradients(_ name: String) throws -> [String: [Float]] {
        let file = try SafetensorsFile(path: folder().appendingPathComponent("\(name).safetensors").path)
        let weights = try Weights([file], place: name)
        return Dictionary(
            uniqueKeysWithValues: weights.names.map { path in
                let bytes = weights[path].map { [UInt8]($0.bytes) } ?? []
                return (path, bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) })
            })
    }
}

extension ForwardBatch {
    /// Rows of tokens, each followed by its last target.
    init(rows: [[Int]]) throws {
        self.init()
        for row in rows { try append(whole: row.dropLast()) }
    }
}
