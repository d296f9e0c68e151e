public import Tensors

/// y = activation(x W + b) + residual, where an adapter may change W.
public struct Linear: Module {
    /// W, [inputs, outputs].
    public var weight: Weight
    /// b, [outputs], or nil.
    public var bias: Tensor?

    /// A change to W that is trained in its place.
    public var adapter: LowRankAdapter?

    public init(weight: Weight, bias: Tensor? = nil) {
        self.weight = weight
        self.bias = bias
    }

    /// - Parameters:
    ///   - x: [..., inputs].
    ///   - residual: [..., outputs], added to the result.
    /// - Returns: [..., outputs].
    public func callAsFunction(
        _ x: Tensor, activation: Activation = .identity, adding residual: Tensor? = nil, _ context: ForwardContext
    ) -> Tensor {
        guard let adapter else {
            return context.linear(x, weight, bias: bias, activation: activation, adding: residual)
        }
        var y = adapter(x, addingTo: context.linear(x, weight, bias: bias), context)
        if activation != .identity { y = context.activate(y, activation) }
        return residual.map { context.add(y, $0) } ?? y
    }

    /// The same map with its adapter merged into the weight; itself where there is none.
    public func merged(_ context: ForwardContext) -> Linear {
        guard let weight = adapter?.merged(into: weight, context) else { return self }
        return Linear(weight: weight, bias: bias)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("weight", &weight)
        visitor("bias", &bias)
        visitor.inPlace(&adapter)
    }
}
