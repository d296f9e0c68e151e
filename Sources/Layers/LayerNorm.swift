public import Tensors

/// Normalises each row to mean 0 and variance 1, then scales and shifts it (Ba, Kiros and Hinton, arXiv:1607.06450).
public struct LayerNorm: Module {
    /// [C].
    public var gain: Tensor
    /// [C], or nil.
    public var bias: Tensor?
    /// Stands inside the root: 1/√(variance + ε).
    public let epsilon: Float

    public init(gain: Tensor, bias: Tensor?, epsilon: Float) {
        self.gain = gain
        self.bias = bias
        self.epsilon = epsilon
    }

    /// - Parameters:
    ///   - x: [R, C].
    ///   - statistics: where each row's mean and 1/√(variance + ε), [R, 2], can be seen and replaced.
    /// - Returns: [R, C].
    public func callAsFunction(
        _ x: Tensor, statistics site: TapPoint.Site? = nil, layer: Int? = nil, _ context: ForwardContext
    ) -> Tensor {
        let (output, statistics) = context.layerNorm(x, gain: gain, bias: bias, epsilon: epsilon)
        guard let site, context.isTapped(site, layer: layer) else { return output }
        return context.normalize(x, statistics: context.tap(site, layer: layer, statistics), gain: gain, bias: bias)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("weight", &gain)
        visitor("bias", &bias)
    }
}
