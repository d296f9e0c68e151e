import Foundation
import Layers
import Tensors
import TestSupport
import Testing

/// A fixture that make_layers.py made.
func layersFixture<Settings: Decodable>(_ name: String) -> [ParityCase<Settings>] {
    guard let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil) else { return [] }
    return (try? ParityFixture<Settings>(name, in: folder).cases) ?? []
}

@Suite("Transformer against torch.nn.Transformer")
struct TransformerParityTests {
    struct Settings: Decodable {
        let channels, heads, inner, encoderLayers, decoderLayers: Int
        let normFirst, bias: Bool
        let activation: String
        let masks: [String]
        let sourcePadding, targetPadding, sourceBlocked, memoryBlocked: [[Bool]]?

        func transformer() throws -> Transformer {
            var generator = WeightGenerator(seed: 0)
            let options = TransformerLayerOptions(
                innerChannels: inner, activation: try #require(Activation(rawValue: activation)), dropout: 0,
                normFirst: normFirst, bias: bias)
            return Transformer(
                channels, heads: heads, encoderLayers: encoderLayers, decoderLayers: decoderLayers, options: options,
                using: &generator)
        }
    }

    static let cases: [ParityCase<Settings>] = layersFixture("transformer")

    @Test func allCasesAreThere() { #expect(Self.cases.count == 26) }

    @Test("recomputed layers give the same bits", arguments: [false, true]) func recomputation(dropout: Bool) throws {
        var generator = WeightGenerator(seed: 3)
        let options = TransformerLayerOptions(innerChannels: 24, dropout: dropout ? 0.2 : 0)
        let transformer = Transformer(
            16, heads: 2, encoderLayers: 3, decoderLayers: 3, options: options, using: &generator)
        let source = Tensor.normal(Shape(2, 7, 16), seed: 1).asParameter
        let target = Tensor.normal(Shape(2, 5, 16), seed: 2).asParameter
        func run(recompute: Bool) throws -> [[Float]] {
            var context = ForwardContext()
            context.dropout = DropoutStream(seed: 1, step: 2)
            let tape = context.startTape()
            let y = transformer(source, target, targetMask: .causal, recompute: recompute, context)
            #expect(tape.operations.count { $0 == .recomputed } == (recompute ? 6 : 0))
            let gradients = try tape.gradients(of: y, seed: .normal(y.shape, seed: 3), context: context)
            let tensors = [source, target] + transformer.parameters.map(\.tensor)
            return try [y.values] + tensors.map { try #require(gradients[$0]).values }
        }
        #expect(try run(recompute: true) == run(recompute: false))
    }

    @Test("outputs and gradients", arguments: cases) func parity(reference: ParityCase<Settings>) throws {
        let settings = reference.settings
        let differences = try reference.differences(settings.transformer()) { transformer, inputs, context in
            let source = try #require(inputs["source"])
            let target = try #require(inputs["target"])
            let (batch, from, to) = (source.shape[0], source.shape[1], target.shape[1])
            var (sourceMask, targetMask, memoryMask) = (AttentionMask.none, AttentionMask.none, AttentionMask.none)
            targetMask.isCausal = settings.masks.contains("causal")
            sourceMask.keyPadding = settings.sourcePadding.map(AttentionMask.blocking)
            memoryMask.keyPadding = sourceMask.keyPadding
            targetMask.keyPadding = settings.targetPadding.map(AttentionMask.blocking)
            sourceMask.additive = settings.sourceBlocked.map(AttentionMask.blocking)
            memoryMask.additive = settings.memoryBlocked.map(AttentionMask.blocking)
            if settings.masks.contains("additive") {
                sourceMask.additive = reference.counted("mask.source", Shape(from, from), scale: 2)
                targetMask.additive = reference.counted("mask.target", Shape(to, to), scale: 2)
                memoryMask.additive = reference.counted("mask.memory", Shape(to, from), scale: 2)
            }
            if settings.masks.contains("per head") {
                let all = batch * settings.heads
                sourceMask.additive = reference.counted("mask.source", Shape(all, from, from), scale: 2)
                memoryMask.additive = reference.counted("mask.memory", Shape(all, to, from), scale: 2)
            }
            return transformer(
                source, target, sourceMask: sourceMask, targetMask: targetMask, memoryMask: memoryMask, context)
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }
}
