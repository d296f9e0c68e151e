public import Tensors

/// Sets elements to zero with probability `rate` and divides the others by 1 - `rate`, in training only (Srivastava et
/// al., "Dropout: a simple way to prevent neural networks from overfitting", 2014).
///
/// Training is where the context has a ``ForwardContext/dropout`` stream; without one, x comes back as it is. What is
/// dropped depends on the stream's seed and step, on how many dropouts the pass has met before this one, and on the
/// element's place.
public struct Dropout: Module {
    /// From 0 to below 1.
    public let rate: Double

    public init(_ rate: Double) {
        precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate)")
        self.rate = rate
    }

    /// - Parameter x: of any shape, [..., C], which is kept.
    public func callAsFunction(_ x: Tensor, _ context: ForwardContext) -> Tensor { context.dropout(x, rate: rate) }

    public mutating func visit(_ visitor: inout ModuleVisitor) {}
}
