import GPT2
import Layers
import Tensors
import TestSupport
import Testing

@Suite("Where the text is loose: the autoregressive language model")
struct GenerationTests {
    private var model: GPT2 {
        var configuration = GPT2Configuration()
        (configuration.vocabularySize, configuration.contextLength) = (31, 100)
        (configuration.channels, configuration.heads, configuration.layers, configuration.innerChannels) = (
            24, 3, 2, 96
        )
        var model = GPT2(configuration, seed: 1)
        // Ten times GPT-2's first weights, so that tokens have a say.
        model.updateParameters { _, tensor in
            if tensor.shape.rank == 2 { tensor = Tensor(tensor.values.map { $0 * 10 }, shape: tensor.shape) }
        }
        return model
    }

    private func best(_ logits: [Float]) -> Int { logits.indices.max { logits[$0] < logits[$1] } ?? 0 }

    @Test("10: the cache gives the numbers that feeding everything again gives") func cache() throws {
        let context = ForwardContext()
        var cached: [[Float]] = []
        let tokens = try generate(model, from: 30, count: 80, context) { logits in
            cached.append(logits)
            return best(logits)
        }
        var fed = [30]
        for (step, logits) in cached.enumerated() {
            var batch = ForwardBatch()
            try batch.append(whole: fed)
            #expect(model.logits(batch, context).row(0) == logits, "step \(step)")
            fed.append(tokens[step])
        }
        #expect(Set(tokens).count > 1)
    }

    @Test("10: concatenating what was fed with what is new is feeding everything again") func concatenation() {
        var generator = WeightGenerator(seed: 3)
        let model = LanguageModel(vocabulary: 31, size: 24, heads: 3, layers: 2, using: &generator)
        let context = ForwardContext()
        var (again, fed, kept): ([[Float]], [[Float]], [[Float]]) = ([], [], [])
        // The same words in all three, so that a difference is the numbers' own.
        func choose(_ step: Int) -> Int32 { Int32((7 * step + 5) % 31) }
        _ = generate(model, from: 30, count: 12, context) { logits in
            again.append(logits)
            return choose(again.count)
        }
        _ = generate(model, concatenatingFrom: 30, count: 12, context) { logits in
            fed.append(logits)
            return choose(fed.count)
        }
        _ = generate(model, concatenatingFrom: 30, count: 12, keepsOutput: true, context) { logits in
            kept.append(logits)
            return choose(kept.count)
        }
        #expect(fed == again)
        #expect(kept[0] == again[0])
        for step in 1..<12 { #expect(largestDifference(kept[step], again[step]) > 1e-3, "step \(step)") }
    }

    @Test("10: what comes next depends on what the model has said itself") func attendsToItsOutput() throws {
        let context = ForwardContext()
        var before: [[Float]] = []
        _ = try generate(model, from: 30, count: 4, context) { logits in
            before.append(logits)
            return best(logits)
        }
        var after: [[Float]] = []
        _ = try generate(model, from: 30, count: 4, context) { logits in
            after.append(logits)
            // Another word in the second place.
            return after.count == 2 ? (best(logits) + 1) % 31 : best(logits)
        }
        #expect(before[..<2] == after[..<2])
        #expect(before[2] != after[2] && before[3] != after[3])
    }
}
