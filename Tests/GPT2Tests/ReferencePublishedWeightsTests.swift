import Foundation
import GPT2
import Tensors
import TestSupport
import Testing

/// OpenAI's own 124M weights against activations that a public explainer page ships, for whoever has the weights:
///
///     GPT2_WEIGHTS=folder swift test -c release --filter PublishedWeights
///
/// The page runs an ONNX export that may be quantised, so the comparison is loose: it finds a wrong layout, a wrong flag
/// or a wrong tokenizer, not a wrong last digit.
@Suite(
    .enabled(if: PublishedWeights.folder != nil, "GPT2_WEIGHTS names no folder with the published weights"),
    .enabled(if: PublishedWeights.reference != nil, "gpt2-124m-reference.json is not in the shared data"))
struct PublishedWeightsTests {
    @Test func logitsAndAttention() throws {
        let folder = try #require(PublishedWeights.folder)
        let reference = try #require(PublishedWeights.reference)
        let model = try GPT2Model(directory: folder)
        let examples = try JSONDecoder.snakeCase.decode(
            PublishedWeights.self, from: Data(contentsOf: URL(fileURLWithPath: reference))
        ).examples
        for example in examples {
            if let tokenizer = model.tokenizer { #expect(tokenizer.encode(example.prompt) == example.tokenIds) }
            let taps = Taps()
            var patterns: [Int: Tensor] = [:]
            for layer in 0..<model.configuration.layers {
                taps.read(TapPoint(.attentionPattern, layer: layer)) { patterns[layer] = $0 }
            }
            let logits = try #require(
                Runner(model: model.network).logits(example.tokenIds, ForwardContext(taps: taps)).last)
            compare(logits, example)
            for (name, expected) in example.attention {
                let (layer, head) = try place(name)
                let found = try #require(patterns[layer]).reshaped(
                    Shape(model.configuration.heads, expected.count * expected.count))
                #expect(
                    largestDifference(found.row(head), expected.flatMap { $0 }) < 0.05, "\(name) of \(example.prompt)")
            }
        }
    }

    /// Most of the page's twenty best tokens are among our thirty best, at about the same distance from the best.
    private func compare(_ logits: [Float], _ example: PublishedWeights.Example) {
        let best = logits.indices.sorted { logits[$0] > logits[$1] }.prefix(30)
        let shared = example.topLogits.filter { best.contains($0.tokenId) }
        #expect(shared.count >= 15, "\(example.prompt)")
        for pair in example.topLogits {
            let found = Double(logits[pair.tokenId] - logits[example.topLogits[0].tokenId])
            #expect(abs(found - (pair.logit - example.topLogits[0].logit)) < 1, "\(example.prompt): \(pair.tokenId)")
        }
    }

    /// Layer and head of a name like "block_5_head_7".
    private func place(_ name: String) throws -> (Int, Int) {
        let numbers = name.split(separator: "_").compactMap { Int($0) }
        try #require(numbers.count == 2)
        return (numbers[0], numbers[1])
    }
}

/// The page's activations.
struct PublishedWeights: Decodable {
    struct Example: Decodable {
        struct Logit: Decodable {
            let tokenId: Int
            let logit: Double
        }
        let prompt: String
        let tokenIds: [Int]
        let topLogits: [Logit]
        let attention: [String: [[Double]]]
    }
    let examples: [Example]

    static let folder = ProcessInfo.processInfo.environment["GPT2_WEIGHTS"]
    static let reference = SharedData.file("gpt2-124m-reference.json")
}

extension JSONDecoder {
    fileprivate static var snakeCase: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}
