public import Tensors

/// A vector for each token of a vocabulary.
public struct Embedding: Module {
    /// [V, C] by rows, or packed as the head's weights are, so that a model that ties the two holds it once: output i of
    /// the linear map is token i's vector.
    public var table: Weight

    public init(table: Weight) { self.table = table }

    /// With fresh vectors, normal with deviation 1 as PyTorch's `Embedding` starts them.
    public init(_ vocabulary: Int, _ channels: Int, using generator: inout WeightGenerator) {
        precondition(vocabulary > 0 && channels > 0, "\(vocabulary) vectors of \(channels) channels")
        table = .outputsByInputs(generator.normal(Shape(vocabulary, channels)))
    }

    /// - Parameter tokens: R ids, each below the vocabulary's size.
    /// - Returns: their vectors, [R, C]; the tap `tokenEmbedding` sees them.
    public func callAsFunction(_ tokens: [Int32], _ context: ForwardContext) -> Tensor {
        context.tap(.tokenEmbedding, context.embed(tokens, table))
    }

    /// - Parameter tokens: B rows of T ids each.
    /// - Returns: their vectors, [B, T, C].
    public func callAsFunction(_ tokens: [[Int32]], _ context: ForwardContext) -> Tensor {
        let length = tokens.first?.count ?? 0
        precondition(tokens.allSatisfy { $0.count == length }, "rows of one batch have the same length")
        let vectors = self(Array(tokens.joined()), context)
        return vectors.reshaped(Shape(tokens.count, length, vectors.shape[-1]))
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) { visitor("weight", &table) }
}
