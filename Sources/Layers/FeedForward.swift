public import Tensors

/// W₂ activation(W₁ x + b₁) + b₂, for each row by itself (Vaswani et al., arXiv:1706.03762, section 3.3). GPT-2 activates
/// with GELU in its tanh form and has F = 4 C.
public struct FeedForward: Module {
    /// W₁ and b₁, C to F.
    public var inner: Linear
    public let activation: Activation
    /// W₂ and b₂, F to C.
    public var output: Linear
    /// Of the activated elements.
    public let innerDropout: Dropout
    /// Of the output, before it is added to a residual.
    public let outputDropout: Dropout

    public init(
        inner: Linear, activation: Activation, output: Linear, innerDropout: Double = 0, outputDropout: Double = 0
    ) {
        self.inner = inner
        self.activation = activation
        self.output = output
        self.innerDropout = Dropout(innerDropout)
        self.outputDropout = Dropout(outputDropout)
    }

    /// With fresh weights, started as ``Linear``'s are.
    public init(
        _ channels: Int, inner: Int, activation: Activation = .relu, bias: Bool = true, innerDropout: Double = 0,
        outputDropout: Double = 0, using generator: inout WeightGenerator
    ) {
        self.init(
            inner: Linear(channels, inner, bias: bias, using: &generator), activation: activation,
            output: Linear(inner, channels, bias: bias, using: &generator), innerDropout: innerDropout,
            outputDropout: outputDropout)
    }

    /// - Parameters:
    ///   - x: [..., C].
    ///   - residual: [..., C], added to the result.
    ///   - layer: the block's number, for taps.
    /// - Returns: [..., C].
    public func callAsFunction(
        _ x: Tensor, adding residual: Tensor? = nil, layer: Int? = nil, _ context: ForwardContext
    ) -> Tensor {
        var hidden: Tensor  // [..., F]
        if context.isTapped(.feedForwardInner, layer: layer) {
            hidden = context.activate(context.tap(.feedForwardInner, layer: layer, inner(x, context)), activation)
        } else {
            hidden = inner(x, activation: activation, context)
        }
        hidden = innerDropout(context.tap(.feedForwardActivated, layer: layer, hidden), context)
        // One pass over memory, unless something stands between the product and the sum.
        if !context.isTapped(.feedForwardOutput, layer: layer) && !context.drops(outputDropout.rate) {
            return output(hidden, adding: residual, context)
        }
        let y = context.tap(.feedForwardOutput, layer: layer, outputDropout(output(hidden, context), context))
        return residual.map { context.add(y, $0) } ?? y
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("linear1", &inner)
        visitor("linear2", &output)
    }
}
