import GPT2

/// What `info` shows of a model.
struct ModelDescription {
    private let model: GPT2Model
    private let network: GPT2

    init(_ model: GPT2Model) {
        self.model = model
        network = model.network
    }

    var text: String {
        let c = model.configuration
        return """
            \(model.source.place.harmless)
            GPT-2 with \(c.layers) layers, \(c.channels) channels, \(c.heads) heads of \(c.headSize), \
            context \(c.contextLength), vocabulary \(c.vocabularySize)

            \(weights.text)
            \(facts.map { "\($0.key): \($0.value)\n" }.joined())
            """
    }

    private var weights: Table {
        var table = Table(["weight": .left, "shape": .left, "parameters": .right, "bytes": .right])
        func append(_ group: WeightGroup, indent: String = "") {
            table.append(indent + group.name, group.shapeText, group.parameters.grouped, group.bytes.bytes)
        }
        for group in WeightGroup.embeddings(network) { append(group) }
        if let first = network.blocks.first {
            // The blocks are alike, so one is drawn.
            let block = WeightGroup.block(first)
            let last = network.blocks.count - 1
            let name = last == 0 ? "transformer.h.0" : "transformer.h.0 to h.\(last), each"
            table.append(name, "", block.parameters.grouped, block.bytes.bytes)
            for group in block { append(group, indent: "  ") }
        }
        for group in WeightGroup.head(network) { append(group) }
        if network.isTied { table.append("lm_head.weight", "is transformer.wte.weight") }
        table.appendRule()
        let all = WeightGroup.all(network)
        table.append("total", "", all.parameters.grouped, all.bytes.bytes)
        return table
    }

    private var facts: KeyValuePairs<String, String> {
        let c = model.configuration
        let types = model.source.storedTypes.sorted { $0.key < $1.key }.map { "\($0.value) tensors of \($0.key)" }
        let ends = model.endOfText.sorted()
        var attention = c.scaleAttentionWeights ? "scores divided by √\(c.headSize)" : "scores not divided"
        if c.scaleAttentionByInverseLayer { attention += ", and by the layer's number from 1" }
        if c.reorderAndUpcastAttention { attention += ", in float32" }
        return [
            "files held   ": types.isEmpty ? "nothing" : types.joined(separator: ", "),
            "held as      ": model.weightFormats + "; norms, biases and positions as f32",
            "activation   ": c.activation.rawValue,
            "feed-forward ": "\(c.innerChannels) channels inside",
            "attention    ": attention,
            "layer norm   ": "epsilon \(c.layerNormEpsilon)",
            "tokenizer    ": model.tokenizer.map { "\($0.vocabularySize) tokens" } ?? "none, token ids only",
            "end of text  ": ends.isEmpty ? "none" : ends.list,
            "warnings     ": model.warnings.isEmpty ? "none" : model.warnings.joined(separator: "\n               "),
        ]
    }
}
