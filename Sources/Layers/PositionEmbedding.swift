public import Tensors

/// A learned vector for each position, as in GPT-2.
public struct PositionEmbedding: Module {
    /// [positions, C].
    public var table: Tensor

    public init(table: Tensor) { self.table = table }

    /// With fresh vectors, normal with deviation 1 as PyTorch's `Embedding` starts them; GPT-2 starts with 0.02.
    public init(_ positions: Int, _ channels: Int, deviation: Double = 1, using generator: inout WeightGenerator) {
        precondition(positions > 0 && channels > 0, "\(positions) vectors of \(channels) channels")
        table = generator.normal(Shape(positions, channels), deviation: deviation)
    }

    /// - Parameter positions: R positions, each below the table's.
    /// - Returns: their vectors, [R, C]; the tap `positionEmbedding` sees them.
    public func callAsFunction(_ positions: [Int32], _ context: ForwardContext) -> Tensor {
        context.tap(.positionEmbedding, context.gather(positions, table))
    }

    /// x with the vectors of positions `start`, `start` + 1, ... added to each sequence.
    ///
    /// - Parameter x: [B, T, C] or [T, C]; position `start` + T - 1 must be in the table.
    public func adding(to x: Tensor, from start: Int = 0, _ context: ForwardContext) -> Tensor {
        context.add(x, self(x.positions(from: start), context).reshaped(x.shape))
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) { visitor("weight", &table) }
}

extension Tensor {
    /// The position of each row of [B, T, C] or [T, C] in its sequence.
    func positions(from start: Int) -> [Int32] {
        precondition(start >= 0, "a sequence starts at position \(start)")
        let length = shape.sequences.length
        return (0..<rows).map { Int32(start + $0 % length) }
    }
}
