import Foundation
import GPT2
import Runtime
import Tensors
import TestSupport
import Testing

/// Every intermediate that a tap shows is the one that Hugging Face transformers computes in float64.
@Suite struct ReferenceTapsTests {
    @Test func everySite() throws {
        let url = Fixtures.url("inspection.json")
        let whole = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        let runner = try Runner(ReferenceCase(contentsOf: url))
        let configuration = runner.model.configuration

        let taps = Taps()
        var seen: [TapPoint: [Float]] = [:]
        for site in TapPoint.Site.allCases {
            for layer in [nil] + (0..<configuration.layers).map(Optional.init) {
                let point = TapPoint(site, layer: layer)
                taps.read(point) { seen[point] = $0.values }
            }
        }
        let tokens = try #require(whole["tokens"] as? [Int])
        _ = try runner.logits(tokens, ForwardContext(taps: taps))

        var expected = [TapPoint(.logits): whole["logits"]]
        expected.merge(norm(whole["final_norm"], .finalNorm, .finalNormStatistics)) { $1 }
        var residual = whole["embedding"]
        for (index, values) in try #require(whole["layers"] as? [[String: Any]]).enumerated() {
            expected[TapPoint(.residualBefore, layer: index)] = residual
            residual = values["residual"]
            for (site, key) in Self.keys { expected[TapPoint(site, layer: index)] = values[key] }
            expected.merge(norm(values["norm_1"], .norm1, .norm1Statistics, layer: index)) { $1 }
            expected.merge(norm(values["norm_2"], .norm2, .norm2Statistics, layer: index)) { $1 }
        }
        for (point, values) in expected {
            let values = numbers(values)
            let found = try #require(seen[point], "\(point)")
            try #require(found.count == values.count && !values.isEmpty, "\(point)")
            let largest = values.map(abs).max() ?? 0
            #expect(largestDifference(found, values) <= 1e-5 * largest, "\(point)")
        }
        // The embeddings are copied, not computed; that their sum is right shows in the first residual.
        #expect(
            Set(seen.keys).subtracting(expected.keys).map(\.site.rawValue).sorted() == [
                "positionEmbedding", "tokenEmbedding",
            ])
    }

    private static let keys: [TapPoint.Site: String] = [
        .query: "query", .key: "key", .value: "value", .attentionPattern: "attention", .headOutputs: "head_outputs",
        .attentionOutput: "attention_output", .residualMiddle: "residual_middle",
        .feedForwardInner: "feed_forward_inner", .feedForwardActivated: "feed_forward_activated",
        .feedForwardOutput: "feed_forward_output", .residualAfter: "residual",
    ]

    /// A norm's output, and its rows' mean and 1/√(variance + ε) side by side.
    private func norm(
        _ values: Any?, _ output: TapPoint.Site, _ statistics: TapPoint.Site, layer: Int? = nil
    ) -> [TapPoint: Any?] {
        let fields = values as? [String: Any]
        let (means, variances) = (numbers(fields?["mean"]), numbers(fields?["variance"]))
        return [
            TapPoint(output, layer: layer): fields?["output"],
            TapPoint(statistics, layer: layer): zip(means, variances).flatMap { [$0, 1 / ($1 + 1e-5).squareRoot()] },
        ]
    }

    /// All numbers of nested arrays, row-major.
    private func numbers(_ value: Any?) -> [Double] {
        if let array = value as? [Any] { return array.flatMap(numbers) }
        return (value as? Double).map { [$0] } ?? []
    }
}
