import Checkpoints
import Files
import Foundation
import GPT2
import TestSupport
import Testing

@Suite struct GPT2CheckpointTests {
    private func checkpoint(_ name: String) throws -> GPT2Checkpoint {
        let directory = try Fixture.directory(name)
        let configuration = try GPT2Configuration(json: directory.configuration(), place: "config.json")
        return try GPT2Checkpoint(directory.weights(), configuration)
    }

    /// transformers itself ties the head, or does not, in the same directories.
    @Test(arguments: Fixture.names)
    func tiesTheHeadAsTransformersDoes(name: String) throws {
        let checkpoint = try checkpoint(name)
        #expect(try Fixture.expected().tied[name] == (checkpoint.tokenEmbedding == checkpoint.output))
        #expect(checkpoint.tokenEmbedding == (name == "headonly" ? "lm_head.weight" : "wte.weight"))
        #expect(checkpoint.weights.contains(checkpoint.output))
        #expect(checkpoint.warnings.isEmpty == (name != "retied"))
    }

    @Test func warnsOfATieThatDoesNotHold() throws {
        let warnings = try checkpoint("retied").warnings
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("tie_word_embeddings is true, but lm_head.weight differs from wte.weight"))
    }

    @Test func expectsTheTensorsThatTransformersHas() throws {
        for case let reference in try Fixture.expected().shapes {
            var configuration = GPT2Configuration()
            configuration.vocabularySize = reference.config.vocab_size
            configuration.contextLength = reference.config.n_positions
            configuration.channels = reference.config.n_embd
            configuration.layers = reference.config.n_layer
            configuration.heads = reference.config.n_head
            configuration.innerChannels = reference.config.n_inner ?? 4 * reference.config.n_embd
            var expected = configuration.transformerTensors.map { ("transformer." + $0.name, $0.shape) }
            if reference.config.tie_word_embeddings == false {
                expected.append((configuration.languageModelHead.name, configuration.languageModelHead.shape))
            }
            #expect(Dictionary(uniqueKeysWithValues: expected) == reference.shapes)
        }
    }

    @Test func requiresAHeadThatIsNotTied() throws {
        var configuration = try GPT2Configuration(json: Fixture.directory("plain").configuration(), place: "c")
        configuration.tieWordEmbeddings = false
        let weights = try Fixture.directory("plain").weights()
        let error = caughtError { () throws(InputError) in try GPT2Checkpoint(weights, configuration) }
        #expect(error?.problem == "1 tensor is missing: lm_head.weight [24, 8]")
        #expect(error?.place?.hasSuffix("plain/model.safetensors") == true)
    }

    @Test func reportsADifferentWidthByNameAndShape() throws {
        var configuration = try GPT2Configuration(json: Fixture.directory("plain").configuration(), place: "c")
        configuration.innerChannels = 31
        configuration.layers = 3
        let weights = try Fixture.directory("plain").weights()
        let error = try #require(caughtError { () throws(InputError) in try GPT2Checkpoint(weights, configuration) })
        #expect(error.problem.hasPrefix("12 tensors are missing: h.2.ln_1.weight [8], "))
        #expect(error.problem.contains("; 6 tensors are misshapen: "))
        #expect(error.problem.contains("transformer.h.0.mlp.c_fc.weight is [8, 32] and should be [8, 31]"))
    }

    @Test func warnsOfTensorsThatNobodyUses() throws {
        var configuration = try GPT2Configuration(json: Fixture.directory("plain").configuration(), place: "c")
        configuration.layers = 1
        let checkpoint = try GPT2Checkpoint(Fixture.directory("legacy").weights(), configuration)
        #expect(checkpoint.warnings.count == 1)
        #expect(checkpoint.warnings[0].contains("12 tensors are not used: transformer.h.1."))
        #expect(checkpoint.warnings[0].contains("transformer.h.1.attn.c_attn.bias"))
        #expect(!checkpoint.warnings[0].contains(".attn.bias"))
    }
}
