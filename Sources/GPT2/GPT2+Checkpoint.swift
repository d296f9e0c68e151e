internal import Checkpoints
package import Files
internal import Layers
package import Runtime
package import Tensors

extension GPT2 {
    /// Loads the network, repacking its weights for this processor slice by slice.
    ///
    /// - Parameters:
    ///   - trainable: keeps the weights as they are stored instead, as parameters.
    ///   - format: what the weights of linear maps and the token embedding are held as.
    package init(
        _ checkpoint: GPT2Checkpoint, _ configuration: GPT2Configuration, trainable: Bool = false,
        format: WeightFormat = .f32, team: Team
    ) throws(InputError) {
        let bytes = checkpoint.loadedByteCount(configuration, trainable: trainable, format: format)
        guard canAllocate(byteCount: bytes + bytes / 16) else {
            throw InputError(
                .data, "the weights need \(bytes / 1_000_000) MB of memory, which the system does not give",
                in: checkpoint.weights.place, advice: "Free memory, or take a smaller model")
        }
        let reader = WeightReader(
            checkpoint: checkpoint, configuration: configuration, trainable: trainable, format: format,
            memory: trainable ? nil : PanelMemory(byteCount: bytes + checkpoint.panelByteCount(configuration)),
            team: team)
        let tokens = try reader.table(checkpoint.tokenEmbedding)
        let head =
            checkpoint.output == checkpoint.tokenEmbedding
            ? nil : Linear(weight: try reader.table(checkpoint.output))
        var blocks: [Block] = []
        for layer in 0..<configuration.layers { blocks.append(try reader.block(layer)) }
        self.configuration = configuration
        self.tokenEmbedding = Embedding(table: tokens)
        self.positionEmbedding = try reader.positions()
        self.blocks = blocks
        self.finalNorm = try reader.norm("ln_f")
        self.untiedHead = head
    }

    /// Names of weights that are infinite or not numbers.
    package var nonFiniteTensors: [String] {
        func check(_ name: String, _ linear: Linear) -> [String] {
            (linear.weight.isFinite ? [] : ["\(name).weight"]) + check("\(name).bias", linear.bias)
        }
        func check(_ name: String, _ tensor: Tensor?) -> [String] { tensor?.isFinite ?? true ? [] : [name] }
        func check(_ name: String, _ norm: LayerNorm) -> [String] {
            check("\(name).weight", norm.gain) + check("\(name).bias", norm.bias)
        }
        var names = tokenEmbedding.table.isFinite ? [] : ["wte.weight"]
        names += check("wpe.weight", positionEmbedding.table)
        for (layer, block) in blocks.enumerated() {
            names += check("h.\(layer).ln_1", block.norm1)
            names += check("h.\(layer).attn.c_attn", block.attention.projection)
            names += check("h.\(layer).attn.c_proj", block.attention.output)
            names += check("h.\(layer).ln_2", block.norm2)
            names += check("h.\(layer).mlp.c_fc", block.feedForward.inner)
            names += check("h.\(layer).mlp.c_proj", block.feedForward.output)
        }
        names += check("ln_f", finalNorm)
        if let untiedHead, !untiedHead.weight.isFinite { names.append("lm_head.weight") }
        return names
    }
}

extension GPT2Configuration {
    /// The factor on a block's attention scores.
    ///
    /// `reorder_and_upcast_attn` moves this factor from the scores to the product that makes them and keeps that product
    /// in 32 bits: the same number here, where everything is 32 bits.
    func attentionScale(layer: Int) -> Float {
        let scale = scaleAttentionWeights ? 1 / Float(headSize).squareRoot() : 1
        return scaleAttentionByInverseLayer ? scale / Float(layer + 1) : scale
    }
}

/// Reads a checkpoint's tensors into the forms that layers hold.
struct WeightReader {
    let checkpoint: GPT2Checkpoint
    let configuration: GPT2Configuration
    var trainable = false
    var format = WeightFormat.f32
    var memory: PanelMemory?
    let team: Team

    private var weights: Weights { checkpoint.weights }

    func block(_ layer: Int) throws(InputError) -> Block {
        let (channels, inner) = (configuration.channels, configuration.innerChannels)
        let attention = MultiHeadAttention(
            projection: try linear("h.\(layer).attn.c_attn", channels, 3 * channels),
            output: try linear("h.\(layer).attn.c_proj", channels, channels), heads: configuration.heads,
            scale: configuration.attentionScale(layer: layer), dropout: configuration.attentionDropout,
            outputDropout: configuration.residualDropout)
        let feedForward = FeedForward(
            inner: try linear("h.\(layer).mlp.c_fc", channels, inner), activation: configuration.activation,
            output: try linear("h.\(layer).mlp.c_proj", inner, channels),
            outputDropout: configuration.residualDropout)
        return Block(
            layer: layer, norm1: try norm("h.\(layer).ln_1"), attention: attention,
            norm2: try norm("h.\(layer).ln_2"), feedForward: feedForward)
    }

    func norm(_ name: String) throws(InputError) -> LayerNorm {
        try LayerNorm(
            gain: vector("\(name).weight", configuration.channels),
            bias: vector("\(name).bias", configuration.channels),
            epsilon: Float(configuration.layerNormEpsilon))
    }

    func table(_ name: String) throws(InputError) -> Weight {
        try weight(name, rows: configuration.vocabularySize, columns: configuration.channels, .outputsByInputs)
    }

    func positions() throws(InputError) -> PositionEmbedding {
        PositionEmbedding(table: try matrix("wpe.weight", configuration.contextLength, configuration.channels))
    }

    private func linear(_ name: String, _ inputs: Int, _ outputs: Int) throws(InputError) -> Linear {
        try Linear(
            weight: weight("\(name).weight", rows: inputs, columns: outputs, .inputsByOutputs),
            bias: vector("\(name).bias", outputs))
    }

    private func weight(
        _ name: String, rows: Int, columns: Int, _ layout: StoredMatrix.Layout
    ) throws(InputError) -> Weight {
        if let format = checkpoint.panels[name] {
            let (inputs, outputs) = layout == .inputsByOutputs ? (rows, columns) : (columns, rows)
            return try panels(name, format, inputs: inputs, outputs: outputs)
        }
        if trainable {
            let tensor = try matrix(name, rows, columns)
            return layout == .inputsByOutputs ? .inputsByOutputs(tensor) : .outputsByInputs(tensor)
        }
        let tensor = try weights.tensor(name, shape: [rows, columns])
        return .packed(
            try PackedMatrix(
                stored(tensor, rows: rows, columns: columns, layout), format: format, memory: memory, team: team))
    }

    private func panels(
        _ name: String, _ stored: WeightFormat, inputs: Int, outputs: Int
    ) throws(InputError) -> Weight {
        guard !trainable else {
            throw InputError(
                .usage, "the weights are stored as \(stored.rawValue), which cannot be trained", in: weights.place,
                advice: "Start from the model that they were made of")
        }
        let expected = StoredPanels.panels(name, stored, inputs: inputs, outputs: outputs)
        guard let tensor = try weights.tensors([expected]).first, let bytes = tensor.bytes.baseAddress else {
            throw InputError(.data, "tensor \(name) is empty", in: weights.place, advice: "Make the file again")
        }
        let copy = memory.flatMap {
            PackedMatrix(
                copying: bytes, inputs: inputs, outputs: outputs, format: stored, into: $0,
                release: { tensor.release(bytes: $0) }, team: team)
        }
        return .packed(
            copy ?? PackedMatrix(panels: bytes, inputs: inputs, outputs: outputs, format: stored, owner: tensor.owner))
    }

    private func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(InputError) -> Tensor {
        let tensor = try weights.tensor(name, shape: [rows, columns])
        return parameter(try Tensor(stored(tensor, rows: rows, columns: columns, .inputsByOutputs)))
    }

    private func vector(_ name: String, _ count: Int) throws(InputError) -> Tensor {
        let tensor = try weights.tensor(name, shape: [count])
        return parameter(try Tensor(stored(tensor, rows: 1, columns: count, .inputsByOutputs)).reshaped(Shape(count)))
    }

    private func parameter(_ tensor: Tensor) -> Tensor { trainable ? tensor.asParameter : tensor }

    private func stored(
        _ tensor: WeightTensor, rows: Int, columns: Int, _ layout: StoredMatrix.Layout
    ) throws(InputError) -> StoredMatrix {
        guard let bytes = tensor.bytes.baseAddress else {
            throw InputError(
                .data, "tensor \(tensor.name) is empty", in: tensor.place, advice: "Download the file again")
        }
        return StoredMatrix(
            layout: layout, rows: rows, columns: columns, dtype: tensor.dtype, bytes: bytes,
            release: { tensor.release(bytes: $0) })
    }
}
