import Files
import GPT2
import Tensors
import TestSupport
import Testing

@Suite struct GPT2ConfigurationTests {
    private func configuration(_ text: String) throws(InputError) -> GPT2Configuration {
        try GPT2Configuration(json: JSON.parse([UInt8](text.utf8), in: "config.json"), place: "config.json")
    }

    /// transformers' `GPT2Config()`.
    @Test func hasTheDefaultsOfTransformers() throws {
        let made = try configuration("{}")
        #expect(made == GPT2Configuration())
        #expect(made.vocabularySize == 50257)
        #expect(made.contextLength == 1024)
        #expect(made.channels == 768)
        #expect(made.layers == 12)
        #expect(made.heads == 12)
        #expect(made.headSize == 64)
        #expect(made.innerChannels == 3072)
        #expect(made.activation == .geluNew)
        #expect(made.layerNormEpsilon == 1e-5)
        #expect(made.scaleAttentionWeights)
        #expect(!made.scaleAttentionByInverseLayer)
        #expect(!made.reorderAndUpcastAttention)
        #expect(made.tieWordEmbeddings)
        #expect(made.beginOfText == 50256)
        #expect(made.endOfText == [50256])
    }

    @Test func takesNullForTheDefault() throws {
        let keys = [
            "vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner", "activation_function",
            "layer_norm_epsilon", "scale_attn_weights", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn",
            "tie_word_embeddings", "model_type", "add_cross_attention",
        ]
        #expect(try configuration("{\(keys.map { "\"\($0)\":null" }.joined(separator: ","))}") == GPT2Configuration())
    }

    @Test func readsEveryFlag() throws {
        let made = try configuration(
            """
            {"model_type":"gpt2","vocab_size":24,"n_positions":16,"n_embd":8,"n_layer":2,"n_head":4,"n_inner":20,
            "activation_function":"relu","layer_norm_epsilon":0.001,"scale_attn_weights":false,
            "scale_attn_by_inverse_layer_idx":true,"reorder_and_upcast_attn":true,"tie_word_embeddings":false,
            "bos_token_id":1,"eos_token_id":[2,3],"add_cross_attention":false}
            """)
        var expected = GPT2Configuration()
        expected.vocabularySize = 24
        expected.contextLength = 16
        expected.channels = 8
        expected.layers = 2
        expected.heads = 4
        expected.innerChannels = 20
        expected.activation = .relu
        expected.layerNormEpsilon = 0.001
        expected.scaleAttentionWeights = false
        expected.scaleAttentionByInverseLayer = true
        expected.reorderAndUpcastAttention = true
        expected.tieWordEmbeddings = false
        expected.beginOfText = 1
        expected.endOfText = [2, 3]
        #expect(made == expected)
    }

    @Test(arguments: [
        ("gelu_new", Activation.geluNew), ("gelu_pytorch_tanh", .geluNew), ("gelu", .gelu), ("relu", .relu),
        ("silu", .silu), ("swish", .silu), ("tanh", .tanh),
    ])
    func knowsActivationsByTheirNamesInTransformers(name: String, activation: Activation) throws {
        #expect(try configuration("{\"activation_function\":\"\(name)\"}").activation == activation)
    }

    @Test func readsOtherNamesOfTheSizes() throws {
        #expect(try configuration(#"{"n_ctx":512}"#).contextLength == 512)
        #expect(try configuration(#"{"n_positions":256,"n_ctx":512}"#).contextLength == 256)
        let made = try configuration(
            #"{"max_position_embeddings":16,"hidden_size":8,"num_hidden_layers":2,"num_attention_heads":4}"#)
        #expect((made.contextLength, made.channels, made.layers, made.heads) == (16, 8, 2, 4))
        #expect(made.innerChannels == 32)
    }

    @Test func takesNullForNoToken() throws {
        let made = try configuration(#"{"bos_token_id":null,"eos_token_id":null}"#)
        #expect(made.beginOfText == nil)
        #expect(made.endOfText.isEmpty)
    }

    @Test(arguments: [
        ("[]", "the file must hold a JSON object, but holds an array of length 0"),
        (#"{"model_type":"llama"}"#, "\"model_type\" is \"llama\"; only \"gpt2\" is known"),
        (#"{"model_type":3}"#, "\"model_type\" must be a text, but is the number 3"),
        (#"{"add_cross_attention":true}"#, "\"add_cross_attention\" is true, but cross-attention needs an encoder"),
        (#"{"activation_function":"quick_gelu"}"#, "\"activation_function\" is \"quick_gelu\", which is unknown"),
        (#"{"activation_function":"identity"}"#, "\"activation_function\" is \"identity\", which is unknown"),
        (#"{"activation_function":["gelu"]}"#, "\"activation_function\" must be a text, but is an array of length 1"),
        (#"{"vocab_size":0}"#, "\"vocab_size\" is 0, not between 1 and 16777216"),
        (#"{"vocab_size":16777217}"#, "\"vocab_size\" is 16777217, not between"),
        (#"{"n_positions":-1}"#, "\"n_positions\" is -1, not between"),
        (#"{"n_positions":9223372036854775807}"#, "\"n_positions\" is 9223372036854775807, not between"),
        (#"{"n_embd":0}"#, "\"n_embd\" is 0, not between"),
        (#"{"n_embd":9223372036854775807}"#, "\"n_embd\" is 9223372036854775807"),
        (#"{"n_embd":-9223372036854775808}"#, "\"n_embd\" is -9223372036854775808"),
        (#"{"n_embd":768.0}"#, "\"n_embd\" must be an integer, but is the number 768.0"),
        (#"{"n_embd":"768"}"#, "\"n_embd\" must be an integer, but is the text \"768\""),
        (#"{"n_embd":1e400}"#, "beyond a double's range"),
        (#"{"n_layer":0}"#, "\"n_layer\" is 0, not between"),
        (#"{"n_layer":100000}"#, "\"n_layer\" is 100000, not between"),
        (#"{"n_head":0}"#, "\"n_head\" is 0, not between"),
        (#"{"n_head":5}"#, "\"n_embd\" is 768, which \"n_head\" 5 does not divide"),
        (#"{"n_inner":0}"#, "\"n_inner\" is 0, not between"), (#"{"n_inner":-4}"#, "\"n_inner\" is -4, not between"),
        (#"{"layer_norm_epsilon":0}"#, "\"layer_norm_epsilon\" is 0.0, not between 0 and 1"),
        (#"{"layer_norm_epsilon":-1e-5}"#, "\"layer_norm_epsilon\" is -1e-05"),
        (#"{"layer_norm_epsilon":true}"#, "\"layer_norm_epsilon\" must be a number, but is true"),
        (#"{"scale_attn_weights":1}"#, "\"scale_attn_weights\" must be true or false, but is the number 1"),
        (#"{"tie_word_embeddings":"no"}"#, "\"tie_word_embeddings\" must be true or false"),
        (#"{"eos_token_id":[1,"a"]}"#, "\"eos_token_id\" must be an array of integers, but holds the text \"a\""),
        (#"{"bos_token_id":0.5}"#, "\"bos_token_id\" must be an integer, but is the number 0.5"),
        (#"{"n_embd":8,"n_embd":16}"#, "the key \"n_embd\" occurs twice"),
    ])
    func refusesByName(text: String, reason: String) throws {
        let error = try #require(caughtError { () throws(InputError) in try configuration(text) })
        #expect(error.kind == .data)
        #expect(error.description.hasPrefix("config.json: "))
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test func namesTheKnownActivations() {
        let error = caughtError { () throws(InputError) in try configuration(#"{"activation_function":"x"}"#) }
        #expect(error?.advice == "Known are gelu_new, gelu_pytorch_tanh, gelu, relu, silu, swish, tanh")
    }
}

@Suite struct GenerationConfigurationTests {
    private func generation(
        _ text: String?, _ change: (inout GPT2Configuration) -> Void = { _ in }
    ) throws(InputError) -> GenerationConfiguration {
        var configuration = GPT2Configuration()
        change(&configuration)
        var json: JSON?
        if let text { json = try JSON.parse([UInt8](text.utf8), in: "generation_config.json") }
        return try GenerationConfiguration(configuration, json: json, place: "generation_config.json")
    }

    @Test func goesBeforeTheConfiguration() throws {
        let both = try generation(#"{"bos_token_id":1,"eos_token_id":2}"#)
        #expect(both.beginOfText == 1)
        #expect(both.endOfText == [2])
        #expect(try generation(#"{"eos_token_id":[2,3]}"#).endOfText == [2, 3])
        #expect(both.warnings.isEmpty)
    }

    @Test(arguments: [nil, "{}", #"{"bos_token_id":null,"eos_token_id":null}"#] as [String?])
    func leavesToTheConfigurationWhatItDoesNotSay(text: String?) throws {
        let made = try generation(text)
        #expect(made.beginOfText == 50256)
        #expect(made.endOfText == [50256])
    }

    @Test func ignoresIdsOutsideTheVocabularyWithAWarning() throws {
        let small = try generation(nil) { $0.vocabularySize = 24 }
        #expect(small.beginOfText == nil)
        #expect(small.endOfText.isEmpty)
        #expect(
            small.warnings == [
                "the begin-of-text token 50256 is outside the vocabulary of 24, so ignored",
                "the end-of-text token 50256 is outside the vocabulary of 24, so ignored",
            ])
        let mixed = try generation(#"{"eos_token_id":[50257,7,-1]}"#)
        #expect(mixed.endOfText == [7])
        #expect(mixed.warnings.map { $0.contains("end-of-text token") } == [true, true])
    }

    @Test(arguments: [
        ("3", "must hold a JSON object"),
        (#"{"eos_token_id":"a"}"#, "\"eos_token_id\" must be an integer, but is the text"),
        (#"{"bos_token_id":[1]}"#, "\"bos_token_id\" must be an integer, but is an array"),
    ])
    func refusesByName(text: String, reason: String) throws {
        let error = try #require(caughtError { () throws(InputError) in try generation(text) })
        #expect(error.description.hasPrefix("generation_config.json: "))
        #expect(error.problem.contains(reason))
    }
}
