import Foundation
import GPT2
import TestSupport

/// What transformers computes in float64 with every intermediate kept: `../GPT2Tests/Fixtures/make_references.py`.
struct InspectionReference: Decodable {
    struct Norm: Decodable { let mean, variance: [Double] }
    struct Lens: Decodable {
        let tokens: [Int]
        let logits: [Double]
    }
    struct Layer: Decodable {
        let norm1, norm2: Norm
        let attention: [[[Double]]]
        let attentionOutput, feedForwardOutput, residual: [[Double]]
        let lens: Lens
    }
    let tokens: [Int]
    let embedding: [[Double]]
    let layers: [Layer]
    let finalNorm: Norm
    let logits: [[Double]]

    private static let url = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("GPT2Tests/Fixtures/inspection.json")

    /// The reference, and the model that it belongs to.
    static func load() throws -> (InspectionReference, GPT2Model) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            let words = (path.last?.stringValue ?? "").split(separator: "_")
            return Key(stringValue: words.prefix(1).joined() + words.dropFirst().map(\.capitalized).joined())
        }
        let reference = try decoder.decode(Self.self, from: Data(contentsOf: url))
        let model = try CounterCheckpoint.with(ReferenceCase(contentsOf: url)) { try GPT2Model(directory: $0) }
        return (reference, model)
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
