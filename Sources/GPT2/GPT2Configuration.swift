public import Files
public import Tensors

/// The shape of a GPT-2 and the flags that change what it computes.
///
/// Names in parentheses are those of Hugging Face's config.json; defaults are those of transformers' `GPT2Config`, which
/// are also the smallest published GPT-2's (124M).
public struct GPT2Configuration: Sendable, Equatable {
    /// V, the number of token ids (`vocab_size`); 50257.
    public var vocabularySize = 50257
    /// The longest sequence, in tokens, that has position embeddings (`n_positions`); 1024.
    public var contextLength = 1024
    /// C, the width of the residual stream (`n_embd`); 768.
    public var channels = 768
    /// L, the number of Transformer blocks (`n_layer`); 12.
    public var layers = 12
    /// H, the number of attention heads a block; divides the channels (`n_head`); 12.
    public var heads = 12
    /// The width inside a feed-forward block (`n_inner`); 4 C.
    public var innerChannels = 4 * 768
    /// The function inside a feed-forward block (`activation_function`); `gelu_new`.
    public var activation = Activation.geluNew
    /// What layer norm adds to the variance, inside the square root (`layer_norm_epsilon`); 1e-5.
    public var layerNormEpsilon = 1e-5
    /// Whether attention scores are divided by √D, D = C / H (`scale_attn_weights`); true.
    public var scaleAttentionWeights = true
    /// Whether the scores of block i, counted from 0, are divided by i + 1 as well (`scale_attn_by_inverse_layer_idx`); false.
    public var scaleAttentionByInverseLayer = false
    /// Whether scores are scaled before the dot product and computed in float32 (`reorder_and_upcast_attn`); false. In
    /// exact arithmetic it changes nothing.
    public var reorderAndUpcastAttention = false
    /// Whether the output projection is the token embedding (`tie_word_embeddings`); true.
    public var tieWordEmbeddings = true
    /// The share of elements that training drops after the embeddings (`embd_pdrop`); 0.1.
    public var embeddingDropout = 0.1
    /// The share of attention weights that training drops (`attn_pdrop`); 0.1.
    public var attentionDropout = 0.1
    /// The share of elements that training drops of what attention and feed-forward network add (`resid_pdrop`); 0.1.
    public var residualDropout = 0.1
    /// The id that starts a text (`bos_token_id`), as the file gives it, even outside the vocabulary; 50256.
    public var beginOfText: Int? = 50256
    /// The ids that end a text (`eos_token_id`, one or a list), as the file gives them, even outside the vocabulary; 50256.
    public var endOfText: Set<Int> = [50256]

    /// The published 124M configuration; change what differs.
    public init() {}

    /// D, the width of a head.
    public var headSize: Int { channels / heads }

    /// How many numbers the weights are.
    public var parameterCount: Int {
        let embeddings = (vocabularySize * (tieWordEmbeddings ? 1 : 2) + contextLength) * channels
        let attention = 4 * channels * channels + 4 * channels
        let feedForward = 2 * channels * innerChannels + innerChannels + channels
        return embeddings + layers * (attention + feedForward + 4 * channels) + 2 * channels
    }

    /// Floating-point operations, a multiply-add being two, that training takes for a token: six for each weight that it
    /// is multiplied by, and attention's products with the keys and values before it, half of which are masked.
    ///
    /// Source: appendix B of Chowdhery et al., arXiv:2204.02311, here with the head and without the masked half.
    ///
    /// - Parameter isFrozen: whether the weights have no gradients, as beneath low-rank adapters: four for each weight then.
    ///   What the adapters themselves take is not counted.
    public func trainingFLOPsPerToken(context: Int, isFrozen: Bool = false) -> Double {
        let matrices = layers * (4 * channels * channels + 2 * channels * innerChannels) + vocabularySize * channels
        return (isFrozen ? 4 : 6) * Double(matrices) + 6 * Double(layers * context * channels)
    }
}

extension GPT2Configuration {
    /// Reads a config.json. Keys that are absent or null have their defaults.
    ///
    /// - Parameters:
    ///   - json: the file's content.
    ///   - place: the file's name, for errors.
    /// - Throws: ``InputError`` that names the key, if a value has the wrong type, makes no sense, or asks for a model that
    ///   this is not: another `model_type`, an unknown activation, cross-attention.
    package init(json: JSON, place: String) throws(InputError) {
        let fields = try JSONFields(json, in: place)
        try Self.refuseOtherModels(fields)
        vocabularySize = try fields.optionalInteger("vocab_size") ?? vocabularySize
        // Before transformers 2, n_ctx was the context's only name in some files; the second name of each of the others is
        // an alias that transformers reads too.
        contextLength =
            try Self.integer(["n_positions", "max_position_embeddings", "n_ctx"], fields) ?? contextLength
        channels = try Self.integer(["n_embd", "hidden_size"], fields) ?? channels
        layers = try Self.integer(["n_layer", "num_hidden_layers"], fields) ?? layers
        heads = try Self.integer(["n_head", "num_attention_heads"], fields) ?? heads
        activation = try Self.activation(fields) ?? activation
        layerNormEpsilon = try fields.optionalNumber("layer_norm_epsilon") ?? layerNormEpsilon
        scaleAttentionWeights = try fields.optionalBool("scale_attn_weights") ?? scaleAttentionWeights
        scaleAttentionByInverseLayer =
            try fields.optionalBool("scale_attn_by_inverse_layer_idx") ?? scaleAttentionByInverseLayer
        reorderAndUpcastAttention = try fields.optionalBool("reorder_and_upcast_attn") ?? reorderAndUpcastAttention
        tieWordEmbeddings = try fields.optionalBool("tie_word_embeddings") ?? tieWordEmbeddings
        embeddingDropout = try fields.optionalNumber("embd_pdrop") ?? embeddingDropout
        attentionDropout = try fields.optionalNumber("attn_pdrop") ?? attentionDropout
        residualDropout = try fields.optionalNumber("resid_pdrop") ?? residualDropout
        // Here null is a value: this model has no such token.
        if fields.object["bos_token_id"] != nil { beginOfText = try fields.optionalInteger("bos_token_id") }
        if fields.object["eos_token_id"] != nil { endOfText = try Self.tokens("eos_token_id", fields) ?? [] }
        // Not before the channels are known to be in range, or the product could overflow.
        try checkRange("n_embd", channels, Self.maximumWidth, place)
        innerChannels = try fields.optionalInteger("n_inner") ?? 4 * channels
        try validate(in: place)
    }

    private static func refuseOtherModels(_ fields: JSONFields) throws(InputError) {
        if let type = try fields.optionalString("model_type"), type != "gpt2" {
            throw fields.invalid("model_type", "is \(type.quoted); only \"gpt2\" is known", advice: "Use a GPT-2 model")
        }
        if try fields.optionalBool("add_cross_attention") == true {
            throw fields.invalid(
                "add_cross_attention", "is true, but cross-attention needs an encoder, which GPT-2 does not have here",
                advice: "Use a model without cross-attention")
        }
    }

    private static func integer(_ names: [String], _ fields: JSONFields) throws(InputError) -> Int? {
        for name in names {
            if let value = try fields.optionalInteger(name) { return value }
        }
        return nil
    }

    private static func activation(_ fields: JSONFields) throws(InputError) -> Activation? {
        guard let name = try fields.optionalString("activation_function") else { return nil }
        // The names under which transformers' ACT2FN knows these functions.
        let activations: KeyValuePairs<String, Activation> = [
            "gelu_new": .geluNew, "gelu_pytorch_tanh": .geluNew, "gelu": .gelu, "relu": .relu, "silu": .silu,
            "swish": .silu, "tanh": .tanh,
        ]
        guard let activation = activations.first(where: { $0.key == name })?.value else {
            throw fields.invalid(
                "activation_function", "is \(name.quoted), which is unknown",
                advice: "Known are \(activations.map(\.key).joined(separator: ", "))")
        }
        return activation
    }

    /// A token id or a list of them; nil if the key is absent or null.
    static func tokens(_ key: String, _ fields: JSONFields) throws(InputError) -> Set<Int>? {
        if case .array = fields.object[key] { return Set(try fields.integers(key)) }
        return try fields.optionalInteger(key).map { [$0] }
    }
}

extension GPT2Configuration {
    /// Far above any GPT-2, and low enough that no product of two of them overflows.
    package static let maximumWidth = 1 << 17
    package static let maximumVocabulary = 1 << 24
    package static let maximumContext = 1 << 24
    package static let maximumLayers = 1 << 12

    /// Checks that the sizes are positive, within reason and fit each other.
    ///
    /// - Parameter place: the file's name, for the error.
    /// - Throws: ``InputError`` that names the first key whose value makes no sense.
    public func validate(in place: String? = nil) throws(InputError) {
        try checkRange("vocab_size", vocabularySize, Self.maximumVocabulary, place)
        try checkRange("n_positions", contextLength, Self.maximumContext, place)
        try checkRange("n_embd", channels, Self.maximumWidth, place)
        try checkRange("n_layer", layers, Self.maximumLayers, place)
        try checkRange("n_head", heads, Self.maximumWidth, place)
        try checkRange("n_inner", innerChannels, 8 * Self.maximumWidth, place)
        guard channels.isMultiple(of: heads) else {
            throw invalid("\"n_embd\" is \(channels), which \"n_head\" \(heads) does not divide", place)
        }
        guard layerNormEpsilon > 0, layerNormEpsilon < 1 else {
            throw invalid("\"layer_norm_epsilon\" is \(layerNormEpsilon), not between 0 and 1", place)
        }
        for (key, rate) in [
            ("embd_pdrop", embeddingDropout), ("attn_pdrop", attentionDropout), ("resid_pdrop", residualDropout),
        ] where !(rate >= 0 && rate < 1) {
            throw invalid("\"\(key)\" is \(rate), not from 0 to below 1", place)
        }
    }

    private func checkRange(_ key: String, _ value: Int, _ maximum: Int, _ place: String?) throws(InputError) {
        guard value >= 1, value <= maximum else {
            throw invalid("\"\(key)\" is \(value), not between 1 and \(maximum)", place)
        }
    }

    private func invalid(_ problem: String, _ place: String?) -> InputError {
        InputError(.data, problem, in: place, advice: "Correct the configuration")
    }
}
