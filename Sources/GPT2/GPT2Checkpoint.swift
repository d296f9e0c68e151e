package import Checkpoints
package import Files
package import Tensors

extension GPT2Configuration {
    /// The tensors of a GPT-2 with their shapes, by their names in a checkpoint, without the `transformer.` prefix.
    ///
    /// Projections are stored as transformers' `Conv1D` has them: [in, out], so that y = x W + b.
    package var transformerTensors: [ExpectedTensor] {
        let embeddings = [
            ExpectedTensor("wte.weight", shape: [vocabularySize, channels]),
            ExpectedTensor("wpe.weight", shape: [contextLength, channels]),
        ]
        let blocks = (0..<layers).flatMap { layer in
            [
                ExpectedTensor("h.\(layer).ln_1.weight", shape: [channels]),
                ExpectedTensor("h.\(layer).ln_1.bias", shape: [channels]),
                ExpectedTensor("h.\(layer).attn.c_attn.weight", shape: [channels, 3 * channels]),
                ExpectedTensor("h.\(layer).attn.c_attn.bias", shape: [3 * channels]),
                ExpectedTensor("h.\(layer).attn.c_proj.weight", shape: [channels, channels]),
                ExpectedTensor("h.\(layer).attn.c_proj.bias", shape: [channels]),
                ExpectedTensor("h.\(layer).ln_2.weight", shape: [channels]),
                ExpectedTensor("h.\(layer).ln_2.bias", shape: [channels]),
                ExpectedTensor("h.\(layer).mlp.c_fc.weight", shape: [channels, innerChannels]),
                ExpectedTensor("h.\(layer).mlp.c_fc.bias", shape: [innerChannels]),
                ExpectedTensor("h.\(layer).mlp.c_proj.weight", shape: [innerChannels, channels]),
                ExpectedTensor("h.\(layer).mlp.c_proj.bias", shape: [channels]),
            ]
        }
        let norm = [
            ExpectedTensor("ln_f.weight", shape: [channels]),
            ExpectedTensor("ln_f.bias", shape: [channels]),
        ]
        return embeddings + blocks + norm
    }

    /// The weights of linear maps and of embeddings of tokens, which can be held packed: all matrices but the positions.
    package func isPackable(_ tensor: ExpectedTensor) -> Bool { tensor.shape.count == 2 && tensor.name != "wpe.weight" }

    /// Projections are stored [in, out], tables and heads [out, in].
    package func isTable(_ tensor: ExpectedTensor) -> Bool { ["wte.weight", "lm_head.weight"].contains(tensor.name) }

    /// How many numbers go into a packable tensor's map, and how many come out.
    package func map(of tensor: ExpectedTensor) -> (inputs: Int, outputs: Int) {
        isTable(tensor) ? (tensor.shape[1], tensor.shape[0]) : (tensor.shape[0], tensor.shape[1])
    }

    /// The output projection of a model that does not tie it, [V, C].
    package var languageModelHead: ExpectedTensor {
        ExpectedTensor("lm_head.weight", shape: [vocabularySize, channels])
    }
}

/// A checkpoint that holds what a configuration needs, every tensor with its shape.
package struct GPT2Checkpoint: Sendable {
    package let weights: Weights
    /// The name of the token embedding: `wte.weight`, or `lm_head.weight` where only that was saved of a tied pair.
    package let tokenEmbedding: String
    /// The name of the output projection; equal to ``tokenEmbedding`` where the two are one tensor.
    package let output: String
    /// What the user should know: tensors that are not used, a pair that should be tied and is not.
    package let warnings: [String]
    /// The element types of the tensors that are used, with the number of tensors of each.
    package let storedTypes: [String: Int]
    /// The tensors that are used, as they are with floats in them, however they are stored; a tied pair is one.
    private let tensors: [ExpectedTensor]

    /// The formats of the tensors that are stored as panels for the kernels, by the names that they have as floats. Such a
    /// tensor is bytes of shape [panels, bytes of a panel], under its name and the format's, as `wte.weight.q4`.
    package let panels: [String: WeightFormat]

    /// What linear maps and the token embedding are held as where nobody says it: f16 where all of them are stored as
    /// halves, which gives the bits of f32 in half the memory, else f32. Those that are stored as panels stay what they are.
    package let ownFormat: WeightFormat

    /// Checks the whole checkpoint before anything is loaded.
    ///
    /// Tying follows transformers' `tie_weights`: of a tied pair one may be absent; if both are there and differ, both are
    /// used, with a warning.
    ///
    /// - Throws: one ``InputError`` that names all tensors that are missing, misshapen or of another type.
    package init(_ weights: Weights, _ configuration: GPT2Configuration) throws(InputError) {
        let head = configuration.languageModelHead
        var expected = configuration.transformerTensors
        var warnings: [String] = []
        var tokenEmbedding = "wte.weight"
        var output = "wte.weight"
        let stored = StoredPanels(weights)
        let hasHead = stored.contains(head.name)
        if configuration.tieWordEmbeddings, hasHead, !stored.contains(tokenEmbedding) {
            (tokenEmbedding, output) = (head.name, head.name)
            expected[0] = head
        } else if !configuration.tieWordEmbeddings || hasHead {
            output = head.name
            expected.append(head)
        }
        var tensors = expected
        var panels: [String: WeightFormat] = [:]
        for (index, tensor) in expected.enumerated() where configuration.isPackable(tensor) {
            guard let format = stored.format(of: tensor.name) else { continue }
            panels[tensor.name] = format
            let (inputs, outputs) = configuration.map(of: tensor)
            expected[index] = StoredPanels.panels(tensor.name, format, inputs: inputs, outputs: outputs)
        }
        self.panels = panels
        let found = try weights.tensors(expected)
        if configuration.tieWordEmbeddings, output != tokenEmbedding, let head = found.last {
            if found[0].holdsSameBytes(as: head) {
                output = tokenEmbedding
                tensors.removeLast()
            } else {
                warnings.append(
                    "\(weights.place): tie_word_embeddings is true, but lm_head.weight differs from wte.weight: "
                        + "both are used")
            }
        }
        let unused = weights.unused(expecting: expected)
        if !unused.isEmpty {
            warnings.append("\(weights.place): \(unused.count) tensors are not used: \(unused.listed)")
        }
        self.weights = weights
        self.tensors = tensors
        let isHalves = tensors.allSatisfy { !configuration.isPackable($0) || weights[$0.name]?.dtype == .f16 }
        ownFormat = isHalves ? .f16 : .f32
        self.tokenEmbedding = tokenEmbedding
        self.output = output
        self.warnings = warnings
        storedTypes = found.reduce(into: [:]) { types, tensor in
            let format = tensor.dtype == .u8 ? String(tensor.name.suffix(2)) : tensor.dtype.rawValue
            types[format, default: 0] += 1
        }
    }

    /// Numbers in the tensors that are used.
    package var elements: Int { tensors.reduce(0) { $0 + $1.shape.reduce(1, *) } }

    /// Bytes of the weights that are stored as panels.
    package func panelByteCount(_ configuration: GPT2Configuration) -> Int {
        tensors.reduce(0) { bytes, tensor in
            guard let format = panels[tensor.name] else { return bytes }
            let (inputs, outputs) = configuration.map(of: tensor)
            return bytes + format.byteCount(inputs: inputs, outputs: outputs)
        }
    }

    /// Bytes of memory that loading the weights needs. Panels need none: without room for a copy they are used where they lie.
    ///
    /// - Parameters:
    ///   - trainable: whether all stay floats, unpacked.
    ///   - format: what linear maps and the token embedding are packed as, else.
    package func loadedByteCount(_ configuration: GPT2Configuration, trainable: Bool, format: WeightFormat) -> Int {
        tensors.reduce(0) { bytes, tensor in
            if panels[tensor.name] != nil { return bytes }
            if trainable || !configuration.isPackable(tensor) { return bytes + tensor.shape.reduce(4, *) }
            let (inputs, outputs) = configuration.map(of: tensor)
            return bytes + format.byteCount(inputs: inputs, outputs: outputs)
        }
    }
}
