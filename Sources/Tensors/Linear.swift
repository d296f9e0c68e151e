internal import Kernels
internal import Runtime

extension Activation {
    var kernel: kernels_activation {
        switch self {
        case .identity: kernels_identity
        case .geluNew: kernels_gelu_tanh
        case .gelu: kernels_gelu_erf
        case .relu: kernels_relu
        case .silu: kernels_silu
        case .tanh: kernels_tanh
        }
    }
}

extension ForwardContext {
    /// activation(x W + bias) + residual.
    ///
    /// - Parameters:
    ///   - x: [R, inputs].
    ///   - weight: W, [inputs, outputs].
    ///   - bias: [outputs].
    ///   - residual: [R, outputs], added last.
    /// - Returns: [R, outputs]. An element is the sum over 256 inputs at a time, each an ascending chain of fused
    ///   multiply-adds, whatever R and the number of threads.
    public func linear(
        _ x: Tensor, _ weight: PackedMatrix, bias: Tensor? = nil, activation: Activation = .identity,
        adding residual: Tensor? = nil
    ) -> Tensor {
        precondition(x.shape[-1] == weight.inputs, "\(x.shape) into a linear map of \(weight.inputs) inputs")
        precondition(bias == nil || bias?.shape.count == weight.outputs, "a bias for \(weight.outputs) outputs")
        let y = tensor(Shape(x.rows, weight.outputs))
        precondition(residual == nil || residual?.shape.count == y.shape.count, "a residual of shape \(y.shape)")
        team.run(
            LinearTask(
                x: x, weight: weight, bias: bias, activation: activation, residual: residual, y: y, kernels: kernels),
            operations: x.rows * weight.inputs * weight.outputs)
        return y
    }

    /// activation(x), element by element.
    public func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
        let y = tensor(x.shape)
        team.run(ActivationTask(x: x, y: y, activation: activation, kernels: kernels), operations: x.shape.count * 20)
        return y
    }

    /// a + b, element by element; both of the same shape.
    public func add(_ a: Tensor, _ b: Tensor) -> Tensor {
        precondition(a.shape == b.shape, "\(a.shape) + \(b.shape)")
        let y = tensor(a.shape)
        let (left, right, sum) = (a.floats, b.floats, y.floats)
        for i in 0..<a.shape.count { sum[i] = left[i] + right[i] }
        return y
    }
}

private struct LinearTask: TeamTask {
    let x: Tensor
    let weight: PackedMatrix
    let bias: Tensor?
    let activation: Activation
    let residual: Tensor?
    let y: Tensor
    let kernels: kernels_table

    /// Rows that pass a block of weights together; 256 of their inputs stay in the second cache.
    private static let rowsTogether = 192

    /// Each part makes a run of neighbouring outputs for all rows.
    func run(part: Int, of parts: Int) {
        let (inputs, outputs) = (weight.inputs, weight.outputs)
        let panels = (outputs + 15) / 16
        let first = panels * part / parts * 16
        let columns = min(panels * (part + 1) / parts * 16, outputs) - first
        if columns <= 0 { return }
        for row in stride(from: 0, to: x.rows, by: Self.rowsTogether) {
            var epilogue = kernels_epilogue(
                bias: bias.map { UnsafePointer($0.floats + first) },
                residual: residual.map { UnsafePointer($0.floats + row * outputs + first) },
                residual_stride: outputs, activation: activation.kernel)
            kernels.matmul(
                min(Self.rowsTogether, x.rows - row), columns, inputs, x.floats + row * inputs, inputs,
                weight.panels + first * inputs, weight.panelStride, y.floats + row * outputs + first, outputs, 0,
                &epilogue)
        }
    }
}

private struct ActivationTask: TeamTask {
    let x: Tensor
    let y: Tensor
    let activation: Activation
    let kernels: kernels_table

    func run(part: Int, of parts: Int) {
        let count = x.shape.count
        let (start, end) = (count * part / parts, count * (part + 1) / parts)
        kernels.activate(end - start, activation.kernel, x.floats + start, y.floats + start)
    }
}
