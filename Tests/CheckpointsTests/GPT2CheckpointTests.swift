import Checkpoints
import Files
import Foundation
import GPT2
import Tensors
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

    /// 2 layers of 8 channels, 32 inside; 24 tokens; 16 positions.
    private static let vectors = 2 * (4 * 8 + 24 + 8 + 32 + 8) + 2 * 8 + 16 * 8

    @Test func loadingTakesWhatIsPacked() throws {
        let directory = try Fixture.directory("plain")
        let configuration = try GPT2Configuration(json: directory.configuration(), place: "config.json")
        func bytes(_ format: WeightFormat, of name: String = "plain", trainable: Bool = false) throws -> Int {
            try checkpoint(name).loadedByteCount(configuration, trainable: trainable, format: format)
        }
        let matrices = 24 * 8 + 2 * (8 * 24 + 8 * 8 + 8 * 32 + 32 * 8)
        // Panels of 16 outputs: two of the table, and of a block two, one, two, and one with 32 inputs.
        let inputs = 2 * 8 + 2 * (2 * 8 + 8 + 2 * 8 + 32)
        let blocks = 2 + 2 * (2 + 1 + 2 + 1)
        #expect(try bytes(.f32, trainable: true) == 4 * (matrices + Self.vectors))
        #expect(try bytes(.f32) == 4 * (16 * inputs + Self.vectors))
        #expect(try bytes(.f16) == 2 * 16 * inputs + 4 * Self.vectors)
        #expect(try bytes(.q8) == 544 * blocks + 4 * Self.vectors)
        #expect(try bytes(.q4) == 288 * blocks + 4 * Self.vectors)
        // A head that is the table again is not loaded; one of its own is.
        #expect(try bytes(.f32, of: "legacy") == bytes(.f32))
        #expect(try checkpoint("legacy").elements == matrices + Self.vectors)
        #expect(try bytes(.q4, of: "retied") == bytes(.q4) + 2 * 288)
    }

    @Test func halvesAreHeldAsTheyAreStored() throws {
        for name in Fixture.names {
            #expect(try checkpoint(name).ownFormat == (name == "f16" ? .f16 : .f32), "\(name)")
        }
        // One matrix of another type makes floats of all; biases and norms are floats anyway.
        for (name, expected) in [("wte.weight", WeightFormat.f32), ("c_attn.bias", .f16), ("wpe.weight", .f16)] {
            let directory = try Fixture.directory("f16")
            let file = try [UInt8](Data(contentsOf: Fixture.url("f16/model.safetensors")))
            let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let header = String(decoding: file[8..<8 + length], as: UTF8.self)
            let member = "\(name)\":{\"dtype\":\""
            try #require(header.contains("\(member)F16"))
            let mixed = safetensors(
                header.replacingOccurrences(of: "\(member)F16", with: "\(member)BF16"), data: file.count - 8 - length)
            let configuration = try GPT2Configuration(json: directory.configuration(), place: "config.json")
            try mixed.withUnsafeBytes { bytes in
                let checkpoint = try GPT2Checkpoint(Weights(bytes: bytes, place: "mixed"), configuration)
                #expect(checkpoint.ownFormat == expected, "\(name)")
            }
        }
    }

    @Test(arguments: [WeightFormat.q8, .q4], ["plain", "headonly"])
    func storedPanelsAreNotLoaded(_ format: WeightFormat, _ name: String) throws {
        let folder = try TemporaryFolder()
        let out = "\(folder.path)/out"
        try ModelConversion(directory: Fixture.url(name).path).write(format, to: out)
        let directory = try ModelDirectory(out)
        let configuration = try GPT2Configuration(json: directory.configuration(), place: "config.json")
        let checkpoint = try GPT2Checkpoint(directory.weights(), configuration)
        for asked in [WeightFormat.f32, format] {
            #expect(checkpoint.loadedByteCount(configuration, trainable: false, format: asked) == 4 * Self.vectors)
        }
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
