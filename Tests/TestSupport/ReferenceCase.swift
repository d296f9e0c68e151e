package import Foundation

/// A configuration, a recipe for its weights, and what Hugging Face transformers computes with them in float64: one
/// file made by `Tests/GPT2Tests/Fixtures/make_references.py`, which says what each field means.
package struct ReferenceCase: Decodable, Sendable {
    package struct Configuration: Decodable, Sendable {
        package let vocabSize, nPositions, nEmbd, nLayer, nHead: Int
        package let nInner: Int?
        package let layerNormEpsilon: Double
        package let tieWordEmbeddings: Bool
    }

    package struct Greedy: Decodable, Sendable {
        package let prompt, tokens: [Int]
        package let smallestGap: Double
    }

    /// Bits of a tensor's first and last elements, and the sum of all bit patterns.
    package struct Fingerprint: Decodable, Sendable {
        package let first, last: [UInt32]
        package let sum: UInt64
    }

    /// One prompt of the 124M shape: of some rows, the columns that the file lists and figures of the whole row.
    package struct Prompt: Decodable, Sendable {
        package struct WholeRow: Decodable, Sendable {
            package let mean, rootMeanSquare, logSumExp: Double
            package let top: [Int]
            package let topLogits: [Double]
        }
        package let tokens, rows: [Int]
        package let logits: [[Double]]
        package let wholeRows: [WholeRow]
    }

    package let name: String
    package let config: Configuration
    package let seed: UInt64
    package let tolerance: Double?
    package let moves: Double?
    package let tokens: [Int]?
    package let rows: [Int]?
    package let logits: [[Double]]?
    package let columns: [Int]?
    package let prompts: [Prompt]?
    package let greedy: Greedy?
    package let weights: [String: Fingerprint]?
    private let rules: [String: [Float]]
    /// The file's text, whose `config` becomes the checkpoint's config.json as it stands.
    package private(set) var text = Data()

    package init(contentsOf url: URL) throws {
        let text = try Data(contentsOf: url)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(Self.self, from: text)
        self.text = text
    }

    private enum CodingKeys: CodingKey {
        case name, config, seed, tolerance, moves, tokens, rows, logits, columns, prompts, greedy, weights, rules
    }

    package func rule(for tensor: String) -> CounterWeights.Rule {
        for (end, rule) in rules where tensor == end || tensor.hasSuffix("." + end) {
            return CounterWeights.Rule(offset: rule[0], scale: rule[1])
        }
        preconditionFailure("no rule for \(tensor)")
    }

    /// Names and shapes of the checkpoint's tensors.
    package var tensors: [(name: String, shape: [Int])] {
        let channels = config.nEmbd
        let inner = config.nInner ?? 4 * channels
        var out = [
            ("transformer.wte.weight", [config.vocabSize, channels]),
            ("transformer.wpe.weight", [config.nPositions, channels]),
        ]
        for layer in 0..<config.nLayer {
            out += [
                ("ln_1.weight", [channels]), ("ln_1.bias", [channels]),
                ("attn.c_attn.weight", [channels, 3 * channels]), ("attn.c_attn.bias", [3 * channels]),
                ("attn.c_proj.weight", [channels, channels]), ("attn.c_proj.bias", [channels]),
                ("ln_2.weight", [channels]), ("ln_2.bias", [channels]),
                ("mlp.c_fc.weight", [channels, inner]), ("mlp.c_fc.bias", [inner]),
                ("mlp.c_proj.weight", [inner, channels]), ("mlp.c_proj.bias", [channels]),
            ].map { ("transformer.h.\(layer).\($0.0)", $0.1) }
        }
        out += [("transformer.ln_f.weight", [channels]), ("transformer.ln_f.bias", [channels])]
        if !config.tieWordEmbeddings {
            out.append(("lm_head.weight", [config.vocabSize, channels]))
        }
        return out
    }
}
