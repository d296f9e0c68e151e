public import Tensors

/// y = activation(x W + b) + residual.
public struct Linear: Sendable {
    /// W, [inputs, outputs].
    public let weight: PackedMatrix
    /// b, [outputs], or nil.
    public let bias: Tensor?

    public init(weight: PackedMatrix, bias: Tensor? = nil) {
        self.weight = weight
        self.bias = bias
    }

    /// - Parameters:
    ///   - x: [R, inputs].
    ///   - residual: [R, outputs], added to the result.
    /// - Returns: [R, outputs].
    public func callAsFunction(
        _ x: Tensor, activation: Activation = .identity, adding residual: Tensor? = nil, _ context: ForwardContext
    ) -> Tensor {
        context.linear(x, weight, bias: bias, activation: activation, adding: residual)
    }
}
