import GPT2
import Layers
import Tensors

/// A weight of a model, under the name that checkpoints give it.
struct WeightGroup {
    let name: String
    let shape: [Int]
    /// In memory, as it is held: what fills the last panel of a packed matrix up counts too.
    let bytes: Int

    var parameters: Int { shape.reduce(1, *) }
    var shapeText: String { "[" + shape.map(String.init).joined(separator: ", ") + "]" }

    private init(_ name: String, _ shape: [Int], bytes: Int) {
        self.name = name
        self.shape = shape
        self.bytes = bytes
    }

    private init(_ name: String, _ tensor: Tensor) {
        self.init(name, (0..<tensor.shape.rank).map { tensor.shape[$0] }, bytes: 4 * tensor.shape.count)
    }

    /// The weights before the blocks.
    static func embeddings(_ network: GPT2) -> [WeightGroup] {
        let table = network.tokenEmbedding.table
        return [
            WeightGroup("transformer.wte.weight", [table.outputs, table.inputs], bytes: table.byteCount),
            WeightGroup("transformer.wpe.weight", network.positionEmbedding.table),
        ]
    }

    /// The weights of a block, named from it: `ln_1.weight` and so on.
    static func block(_ block: Block) -> [WeightGroup] {
        norm("ln_1", block.norm1) + linear("attn.c_attn", block.attention.projection)
            + linear("attn.c_proj", block.attention.output) + norm("ln_2", block.norm2)
            + linear("mlp.c_fc", block.feedForward.inner) + linear("mlp.c_proj", block.feedForward.output)
    }

    /// The weights after the blocks.
    static func head(_ network: GPT2) -> [WeightGroup] {
        let head = network.head.weight
        return norm("transformer.ln_f", network.finalNorm)
            + (network.isTied
                ? [] : [WeightGroup("lm_head.weight", [head.outputs, head.inputs], bytes: head.byteCount)])
    }

    /// All of them, in the order of the forward pass.
    static func all(_ network: GPT2) -> [WeightGroup] {
        let blocks = network.blocks.enumerated().flatMap { i, block in
            self.block(block).map { WeightGroup("transformer.h.\(i).\($0.name)", $0.shape, bytes: $0.bytes) }
        }
        return embeddings(network) + blocks + head(network)
    }

    private static func norm(_ name: String, _ norm: LayerNorm) -> [WeightGroup] {
        [WeightGroup("\(name).weight", norm.gain)] + bias(name, norm.bias)
    }

    private static func linear(_ name: String, _ linear: Linear) -> [WeightGroup] {
        let weight = linear.weight
        return [WeightGroup("\(name).weight", [weight.inputs, weight.outputs], bytes: weight.byteCount)]
            + bias(name, linear.bias)
    }

    private static func bias(_ name: String, _ bias: Tensor?) -> [WeightGroup] {
        bias.map { [WeightGroup("\(name).bias", $0)] } ?? []
    }
}

extension GPT2 {
    /// Whether the output projection is the token embedding.
    var isTied: Bool { untiedHead == nil }
}

extension [WeightGroup] {
    var parameters: Int { reduce(0) { $0 + $1.parameters } }
    var bytes: Int { reduce(0) { $0 + $1.bytes } }
}
