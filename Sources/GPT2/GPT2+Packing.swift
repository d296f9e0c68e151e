internal import Layers
public import Runtime
public import Tensors

extension GPT2 {
    /// The same network with its weights repacked for this processor, as a loaded model has them: what to generate with.
    /// Adapters stay beside the weights.
    public func packed(_ format: WeightFormat = .f32, team: Team = .shared) -> GPT2 {
        func pack(_ linear: Linear) -> Linear {
            var packed = linear
            packed.weight = .packed(.packing(linear.weight, format: format, team: team))
            return packed
        }
        var network = self
        network.tokenEmbedding = Embedding(table: .packed(.packing(tokenEmbedding.table, format: format, team: team)))
        network.untiedHead = untiedHead.map(pack)
        for layer in blocks.indices {
            network.blocks[layer].attention.projection = pack(blocks[layer].attention.projection)
            network.blocks[layer].attention.output = pack(blocks[layer].attention.output)
            network.blocks[layer].feedForward.inner = pack(blocks[layer].feedForward.inner)
            network.blocks[layer].feedForward.output = pack(blocks[layer].feedForward.output)
        }
        return network
    }
}
