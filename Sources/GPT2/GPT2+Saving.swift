internal import Checkpoints
public import Files
internal import Layers
internal import Tensors

extension GPT2 {
    /// Writes config.json and model.safetensors, float32, as Hugging Face transformers saves and loads a GPT-2.
    ///
    /// - Parameter folder: must exist. Each file is replaced at once.
    /// - Throws: ``InputError`` if a file cannot be written.
    public func save(toDirectory folder: String) throws(InputError) {
        try AtomicFile.write(configuration.json(dtype: "float32").utf8, to: "\(folder)/config.json")
        try SafetensorsWriter.write(parameters, to: "\(folder)/model.safetensors")
    }
}

extension GPT2Configuration {
    /// The content of a config.json.
    ///
    /// - Parameter dtype: PyTorch's name for the type of the weights beside it.
    func json(dtype: String) -> String {
        let ends = endOfText.sorted()
        let end =
            switch ends.count {
            case 0: "null"
            case 1: "\(ends[0])"
            default: "[" + ends.map(String.init).joined(separator: ", ") + "]"
            }
        let members: KeyValuePairs = [
            "activation_function": activation.rawValue.jsonEscaped,
            "architectures": "[\"GPT2LMHeadModel\"]",
            "attn_pdrop": "\(attentionDropout)",
            "bos_token_id": beginOfText.map(String.init) ?? "null",
            "embd_pdrop": "\(embeddingDropout)",
            "eos_token_id": end,
            "layer_norm_epsilon": "\(layerNormEpsilon)",
            "model_type": "\"gpt2\"",
            "n_embd": "\(channels)",
            "n_head": "\(heads)",
            "n_inner": innerChannels == 4 * channels ? "null" : "\(innerChannels)",
            "n_layer": "\(layers)",
            "n_positions": "\(contextLength)",
            "reorder_and_upcast_attn": "\(reorderAndUpcastAttention)",
            "resid_pdrop": "\(residualDropout)",
            "scale_attn_by_inverse_layer_idx": "\(scaleAttentionByInverseLayer)",
            "scale_attn_weights": "\(scaleAttentionWeights)",
            "tie_word_embeddings": "\(tieWordEmbeddings)",
            "torch_dtype": dtype.jsonEscaped,
            "vocab_size": "\(vocabularySize)",
        ]
        return "{\n" + members.map { "  \"\($0.key)\": \($0.value)" }.joined(separator: ",\n") + "\n}\n"
    }
}
