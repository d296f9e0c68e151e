import Foundation
import Layers
import Tensors
import TestSupport
import Testing

/// State dictionaries that PyTorch wrote load by name, and what they make of counted inputs is PyTorch's.
@Suite("State dictionaries of PyTorch")
struct StateDictionaryTests {
    private struct Reference: Decodable {
        struct Module: Decodable {
            let inputs: [String: [Int]]
            let output: [Double]
        }

        let seed: UInt64
        let modules: [String: Module]
    }

    /// Loads the module's file, runs it, and compares.
    private func check<M: Layers.Module>(
        _ name: String, _ module: M, forward: (M, _ inputs: [String: Tensor], ForwardContext) throws -> Tensor
    ) throws {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        let text = try Data(contentsOf: folder.appendingPathComponent("states.json"))
        let reference = try JSONDecoder().decode(Reference.self, from: text)
        let expected = try #require(reference.modules[name])
        var module = module
        try module.load(contentsOf: folder.appendingPathComponent("state-\(name).safetensors").path)
        var inputs: [String: Tensor] = [:]
        for (input, sizes) in expected.inputs {
            let shape = try #require(Shape(sizes))
            var values = [Float](repeating: 0, count: shape.count)
            values.withUnsafeMutableBufferPointer {
                CounterWeights.fill(
                    $0, name: "input.\(input)", seed: reference.seed, rule: CounterWeights.Rule(offset: 0, scale: 1))
            }
            inputs[input] = Tensor(values, shape: shape)
        }
        let found = try forward(module, inputs, ForwardContext()).values
        #expect(largestDifference(found, expected.output) <= 1e-5 * (expected.output.map(abs).max() ?? 0))
    }

    @Test func transformer() throws {
        var generator = WeightGenerator(seed: 0)
        let options = TransformerLayerOptions(innerChannels: 12)
        let module = Transformer(
            8, heads: 2, encoderLayers: 1, decoderLayers: 1, options: options, using: &generator)
        try check("transformer", module) { module, inputs, context in
            module(try #require(inputs["source"]), try #require(inputs["target"]), targetMask: .causal, context)
        }
    }

    @Test func attentionToOtherWidths() throws {
        var generator = WeightGenerator(seed: 0)
        let module = CrossAttention(6, keyChannels: 4, valueChannels: 5, heads: 2, using: &generator)
        try check("widths", module) { module, inputs, context in
            let (query, key) = try (#require(inputs["query"]), #require(inputs["key"]))
            return module(query: query, key: key, value: try #require(inputs["value"]), context)
        }
    }
}
