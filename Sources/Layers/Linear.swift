public import Tensors

/// y = activation(x W + b) + residual.
public struct Linear: Module {
    /// W, [inputs, outputs].
    public var weight: Weight
    /// b, [outputs], or nil.
    public var bias: Tensor?

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
        context.linear(x, weight, bias: bias, activation: activation, adding: residual)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("weight", &weight)
        visitor("bias", &bias)
    }
}
