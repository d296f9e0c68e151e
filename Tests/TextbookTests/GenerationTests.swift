import GPT2
import Layers
import Tensors
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
