public import Files
internal import Layers
public import Tensors

extension GPT2 {
    /// Freezes all weights and gives layers of the blocks low-rank adapters, which are then all that is trained.
    ///
    /// - Parameters:
    ///   - targets: the ends of the layers' names, as in "c_attn" or "mlp.c_proj".
    ///   - seed: the adapters' first weights are a function of it.
    /// - Throws: ``InputError`` of kind `usage` for a target that no layer has, and a rank above a side of a layer.
    public mutating func addAdapters(
        rank: Int, alpha: Double, targets: [String], seed: UInt64
    ) throws(InputError) {
        func isNamed(_ path: String, by target: String) -> Bool { path == target || path.hasSuffix(".\(target)") }
        var unused = Set(targets)
        var largestRank = Int.max
        updateLinears { path, linear in
            let named = targets.filter { isNamed(path, by: $0) }
            unused.subtract(named)
            if !named.isEmpty { largestRank = min(largestRank, linear.weight.inputs, linear.weight.outputs) }
        }
        if let target = unused.sorted().first {
            throw InputError(
                .usage, "no layer's name ends with \(target.quoted)", in: "--lora-targets",
                advice: "Known are c_attn, attn.c_proj, c_fc and mlp.c_proj")
        }
        guard rank <= largestRank else {
            throw InputError(
                .usage, "the rank is \(rank), but the smallest side of a layer that gets adapters is \(largestRank)",
                in: "--lora-rank", advice: "Give a rank of at most \(largestRank); 4 to 64 are usual")
        }
        var stream: UInt64 = 0
        updateLinears { path, linear in
            guard targets.contains(where: { isNamed(path, by: $0) }) else { return }
            stream += 1
            linear.adapter = LowRankAdapter(
                inputs: linear.weight.inputs, outputs: linear.weight.outputs, rank: rank, alpha: alpha, seed: seed,
                stream: stream)
        }
        setTrainable { $0.contains("lora_") }
    }

    /// The same network with its adapters merged into the weights.
    public func merged(_ context: ForwardContext) -> GPT2 {
        var network = self
        network.updateLinears { _, linear in linear = linear.merged(context) }
        return network
    }

    /// The adapters' parameters under the names that PEFT gives them.
    package var adapterParameters: [(path: String, tensor: Tensor)] {
        parameters.compactMap { path, tensor in
            path.contains("lora_") ? ("base_model.model.\(path)", tensor) : nil
        }
    }

    /// Visits the linear maps of the blocks with their paths.
    private mutating func updateLinears(_ body: (String, inout Linear) -> Void) {
        for layer in blocks.indices {
            let path = "transformer.h.\(layer)"
            body("\(path).attn.c_attn", &blocks[layer].attention.projection)
            body("\(path).attn.c_proj", &blocks[layer].attention.output)
            body("\(path).mlp.c_fc", &blocks[layer].feedForward.inner)
            body("\(path).mlp.c_proj", &blocks[layer].feedForward.output)
        }
    }
}
