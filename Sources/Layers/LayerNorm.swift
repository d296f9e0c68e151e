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

    /// With gains 1 and biases 0, or no biases.
    public init(_ channels: Int, bias: Bool = true, epsilon: Float = 1e-5) {
        self.init(
            gain: .parameter(1, count: channels), bias: bias ? .parameter(0, count: channels) : nil, epsilon: epsilon)
    }

    /// - Parameters:
    ///   - x: [..., C].
    ///   - statistics: where each row's mean and 1/√(variance + ε), [R, 2], can be seen and replaced. No gradient flows to
    ///     those that are put in their place.
    /// - Returns: [..., C].
    public func callAsFunction(
        _ x: Tensor, statistics site: TapPoint.Site? = nil, layer: Int? = nil, isCross: Bool = false,
        _ context: ForwardContext
    ) -> Tensor {
        let (output, statistics) = context.layerNorm(x, gain: gain, bias: bias, epsilon: epsilon)
        guard let site, context.isTapped(site, layer: layer, isCross: isCross) else { return output }
        let seen = context.tap(site, layer: layer, isCross: isCross, statistics)
        // Looking changes nothing, gradients included.
        if seen.isIdentical(to: statistics) { return output }
        return context.normalize(x, statistics: seen, gain: gain, bias: bias)
    }

    /// The norm of a layer's attention, in sight of whoever looks.
    func ofAttention(_ x: Tensor, layer: Int?, isCross: Bool = false, _ context: ForwardContext) -> Tensor {
        let y = self(x, statistics: .norm1Statistics, layer: layer, isCross: isCross, context)
        return context.tap(.norm1, layer: layer, isCross: isCross, y)
    }

    /// The norm of a layer's feed-forward network.
    func ofFeedForward(_ x: Tensor, layer: Int?, _ context: ForwardContext) -> Tensor {
        context.tap(.norm2, layer: layer, self(x, statistics: .norm2Statistics, layer: layer, context))
    }

    /// The norm after the last layer.
    func ofStack(_ x: Tensor, _ context: ForwardContext) -> Tensor {
        context.tap(.finalNorm, self(x, statistics: .finalNormStatistics, context))
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("weight", &gain)
        visitor("bias", &bias)
    }
}

/// Layer normalisation as a textbook prints it, gain * (x - mean) / (σ + ε) + bias: the deviation σ divides by C - 1, and
/// ε stands outside the root. To compare with; ``LayerNorm`` is the one to use.
public struct TextbookLayerNorm: Module {
    /// [C].
    public var gain: Tensor
    /// [C].
    public var bias: Tensor
    /// Added to the deviation.
    public let epsilon: Double

    /// With gains 1 and biases 0.
    ///
    /// - Parameter channels: at least 2.
    public init(_ channels: Int, epsilon: Double = 1e-6) {
        gain = .parameter(1, count: channels)
        bias = .parameter(0, count: channels)
        self.epsilon = epsilon
    }

    /// - Parameter x: [..., C].
    /// - Returns: [..., C].
    public func callAsFunction(_ x: Tensor, _ context: ForwardContext) -> Tensor {
        context.textbookLayerNorm(x, gain: gain, bias: bias, epsilon: epsilon)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("weight", &gain)
        visitor("bias", &bias)
    }
}
