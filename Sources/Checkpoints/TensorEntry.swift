public import Tensors

/// A tensor in a file: what it is and where its bytes lie.
public struct TensorEntry: Sendable, Equatable {
    /// The name as the file spells it.
    public let name: String
    public let dtype: DType
    /// The extents, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The bytes it takes, counted from the start of the file. They may start at any address, aligned or not.
    public let range: Range<Int>
}
