public import Tensors

/// A vector for each token of a vocabulary.
public struct Embedding: Module {
    /// [V, C] by rows, or packed as the head's weights are, so that a model that ties the two holds it once: output i of
    /// the linear map is token i's vector.
    public var table: Weight

    public init(table: Weight) { self.table = table }

    /// - Parameter tokens: R ids, each below the vocabulary's size.
    /// - Returns: their vectors, [R, C].
    public func callAsFunction(_ tokens: [Int32], _ context: ForwardContext) -> Tensor {
        context.embed(tokens, table)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) { visitor("weight", &table) }
}

/// A learned vector for each position, as in GPT-2.
public struct PositionEmbedding: Module {
    /// [positions, C].
    public var table: Tensor

    public init(table: Tensor) { self.table = table }

    /// - Parameter positions: R positions, each below the table's.
    /// - Returns: their vectors, [R, C].
    public func callAsFunction(_ positions: [Int32], _ context: ForwardContext) -> Tensor {
        context.gather(positions, table)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) { visitor("weight", &table) }
}
