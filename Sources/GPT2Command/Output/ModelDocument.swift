import GPT2
import Tokenizers

/// What `info --format json` writes. The configuration's names are those of config.json.
struct ModelDocument: Encodable {
    private let place: String
    private let configuration: Configuration
    private let parameters: Int
    private let bytes: Int
    private let weights: [Weight]
    private let storedTypes: [String: Int]
    private let heldAs: String
    private let tokenizer: TokenizerFacts?
    private let endOfText: [TokenID]
    private let warnings: [String]

    private struct Weight: Encodable {
        let name: String
        let shape: [Int]
        let parameters: Int
        let bytes: Int
    }

    private struct TokenizerFacts: Encodable {
        let vocabularySize: Int
        let endOfText: TokenID?

        enum CodingKeys: String, CodingKey {
            case vocabularySize = "vocabulary_size"
            case endOfText = "end_of_text"
        }
    }

    init(_ model: GPT2Model) {
        let groups = WeightGroup.all(model.network)
        place = model.source.place
        configuration = Configuration(configuration: model.configuration, isTied: model.network.isTied)
        parameters = groups.parameters
        bytes = groups.bytes
        weights = groups.map { Weight(name: $0.name, shape: $0.shape, parameters: $0.parameters, bytes: $0.bytes) }
        storedTypes = model.source.storedTypes
        heldAs = model.weightFormats
        tokenizer = model.tokenizer.map {
            TokenizerFacts(vocabularySize: $0.vocabularySize, endOfText: $0.endOfText)
        }
        endOfText = model.endOfText.sorted()
        warnings = model.warnings
    }

    private enum CodingKeys: String, CodingKey {
        case place, configuration, parameters, bytes, weights, tokenizer, warnings
        case storedTypes = "stored_types"
        case heldAs = "held_as"
        case endOfText = "end_of_text"
    }

    private struct Configuration: Encodable {
        let configuration: GPT2Configuration
        let isTied: Bool

        private enum Key: String, CodingKey {
            case layers = "n_layer"
            case channels = "n_embd"
            case heads = "n_head"
            case innerChannels = "n_inner"
            case contextLength = "n_positions"
            case vocabularySize = "vocab_size"
            case activation = "activation_function"
            case layerNormEpsilon = "layer_norm_epsilon"
            case scaleAttentionWeights = "scale_attn_weights"
            case scaleAttentionByInverseLayer = "scale_attn_by_inverse_layer_idx"
            case reorderAndUpcastAttention = "reorder_and_upcast_attn"
            case isTied = "tie_word_embeddings"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(configuration.layers, forKey: .layers)
            try container.encode(configuration.channels, forKey: .channels)
            try container.encode(configuration.heads, forKey: .heads)
            try container.encode(configuration.innerChannels, forKey: .innerChannels)
            try container.encode(configuration.contextLength, forKey: .contextLength)
            try container.encode(configuration.vocabularySize, forKey: .vocabularySize)
            try container.encode(configuration.activation.rawValue, forKey: .activation)
            try container.encode(configuration.layerNormEpsilon, forKey: .layerNormEpsilon)
            try container.encode(configuration.scaleAttentionWeights, forKey: .scaleAttentionWeights)
            try container.encode(configuration.scaleAttentionByInverseLayer, forKey: .scaleAttentionByInverseLayer)
            try container.encode(configuration.reorderAndUpcastAttention, forKey: .reorderAndUpcastAttention)
            try container.encode(isTied, forKey: .isTied)
        }
    }
}
