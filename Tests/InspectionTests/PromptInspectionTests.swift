import Files
import Foundation
import GPT2
import Inspection
import TestSupport
import Testing

private func norm(_ values: [Double]?) -> Double {
    (values ?? []).reduce(0) { $0 + $1 * $1 }.squareRoot()
}

private func isClose(_ value: Double, _ expected: Double, tolerance: Double = 1e-4) -> Bool {
    abs(value - expected) <= tolerance * max(1, abs(expected))
}

@Suite struct PromptInspectionTests {
    @Test func layersEqualTransformers() throws {
        let (reference, model) = try InspectionReference.load()
        let inspection = try model.inspect(reference.tokens)
        #expect(inspection.prompt.map(\.id) == reference.tokens)
        #expect(inspection.layers.count == reference.layers.count)
        var before = reference.embedding.last
        for (layer, expected) in zip(inspection.layers, reference.layers) {
            #expect(isClose(layer.residualNormBefore, norm(before)))
            #expect(isClose(layer.attentionOutputNorm, norm(expected.attentionOutput.last)))
            #expect(isClose(layer.feedForwardOutputNorm, norm(expected.feedForwardOutput.last)))
            #expect(isClose(layer.residualNormAfter, norm(expected.residual.last)))
            for (norm, expected) in [(layer.norm1, expected.norm1), (layer.norm2, expected.norm2)] {
                #expect(isClose(norm.mean, try #require(expected.mean.last)))
                #expect(isClose(norm.deviation, try #require(expected.variance.last).squareRoot()))
            }
            before = expected.residual.last
        }
        #expect(isClose(inspection.finalNorm.mean, try #require(reference.finalNorm.mean.last)))
        #expect(isClose(inspection.finalNorm.deviation, try #require(reference.finalNorm.variance.last).squareRoot()))
    }

    @Test func looksAreThoseOfTheStrongestHead() throws {
        let (reference, model) = try InspectionReference.load()
        for (layer, expected) in zip(try model.inspect(reference.tokens).layers, reference.layers) {
            #expect(layer.looks.map(\.position) == Array(0..<reference.tokens.count - 1))
            for look in layer.looks {
                let weights = expected.attention.compactMap { $0.last?[look.position] }
                let largest = try #require(weights.max())
                #expect(look.head == weights.firstIndex(of: largest))
                #expect(isClose(look.weight, largest))
            }
        }
    }

    @Test func theLensEqualsTransformers() throws {
        let (reference, model) = try InspectionReference.load()
        let inspection = try model.inspect(reference.tokens)
        for (layer, expected) in zip(inspection.layers, reference.layers) {
            #expect(layer.lens.map(\.token.id) == expected.lens.tokens)
            for (guess, logit) in zip(layer.lens, expected.lens.logits) {
                let ratio = exp(logit - expected.lens.logits[0])
                #expect(isClose(guess.probability / layer.lens[0].probability, ratio))
            }
        }
        let logits = try #require(reference.logits.last)
        let best = logits.indices.sorted { logits[$0] > logits[$1] }.prefix(5)
        #expect(inspection.prediction.map(\.token.id) == Array(best))
        let sum = logits.reduce(0) { $0 + exp($1) }
        for (guess, lens) in zip(inspection.prediction, try #require(inspection.layers.last).lens) {
            #expect(isClose(guess.probability, exp(logits[guess.token.id]) / sum))
            // The lens after the last block is the model itself.
            #expect(lens.token == guess.token)
            #expect(lens.probability == guess.probability)
        }
    }

    @Test func jsonHasItsNames() throws {
        let (reference, model) = try InspectionReference.load()
        let object = try JSONSerialization.jsonObject(with: model.inspect(reference.tokens).json()) as? [String: Any]
        #expect(object?.keys.sorted() == ["final_norm", "layers", "prediction", "prompt"])
        let layer = (object?["layers"] as? [[String: Any]])?.first
        #expect(
            layer?.keys.sorted() == [
                "attention_output_norm", "feed_forward_output_norm", "layer", "lens", "looks", "norm1", "norm2",
                "residual_norm_after", "residual_norm_before",
            ])
    }

    @Test func aPromptOfOneTokenLooksAtNothing() throws {
        let (_, model) = try InspectionReference.load()
        let inspection = try model.inspect([3])
        #expect(inspection.layers.allSatisfy { $0.looks.isEmpty && $0.lens.count == 5 })
        #expect(inspection.prompt.map(\.text) == [nil])
    }

    @Test func promptsThatFitNotTheModelAreRefused() throws {
        let (_, model) = try InspectionReference.load()
        #expect(caughtError { () throws(InputError) in try model.inspect([97]) }?.kind == .usage)
        #expect(caughtError { () throws(InputError) in try model.inspect("text") }?.kind == .usage)
        let long = caughtError { () throws(InputError) in try model.inspect([Int](repeating: 1, count: 33)) }
        #expect(long?.kind == .data)
    }
}
