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

    /// With fresh weights, stored [outputs, inputs] and started as PyTorch's `Linear` is: weight and bias uniform within
    /// 1/√inputs (He et al., arXiv:1502.01852, with the slope √5 that PyTorch chose).
    public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, using generator: inout WeightGenerator) {
        precondition(inputs > 0 && outputs > 0, "a linear map of \(inputs) inputs and \(outputs) outputs")
        let bound = 1 / Double(inputs).squareRoot()
        weight = .outputsByInputs(generator.uniform(Shape(outputs, inputs), bound: bound))
        self.bias = bias ? generator.uniform(Shape(outputs), bound: bound) : nil
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

    /// Only some of the outputs of ``callAsFunction(_:activation:adding:_:)``, as where one weight holds the maps to
    /// queries, keys and values. Packed weights make all outputs first where the range starts inside a panel.
    func outputs(_ range: Range<Int>, of x: Tensor, _ context: ForwardContext) -> Tensor {
        let up = adapter?.up.outputs(range, context)
        guard let part = weight.outputs(range, context), adapter == nil || up != nil else {
            return context.columns(self(x, context), range).reshaped(x.shape.withLast(range.count))
        }
        let y = context.linear(x, part, bias: bias.map { context.columns($0, range) })
        guard let adapter, let up else { return y }
        return LowRankAdapter(down: adapter.down, up: up, scale: adapter.scale)(x, addingTo: y, context)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("weight", &weight)
        visitor("bias", &bias)
        visitor.inPlace(&adapter)
    }
}

extension Weight {
    /// The weights of some outputs; nil where they cannot be had from packed ones.
    fileprivate func outputs(_ range: Range<Int>, _ context: ForwardContext) -> Weight? {
        switch self {
        case .packed(let matrix): matrix.outputs(range).map(Weight.packed)
        case .outputsByInputs(let matrix): .outputsByInputs(context.rows(matrix, range))
        case .inputsByOutputs(let matrix): .inputsByOutputs(context.columns(matrix, range))
        }
    }
}
