internal import Kernels
internal import Runtime

extension ForwardContext {
    /// activation(x W + bias) + residual.
    ///
    /// - Parameters:
    ///   - x: [..., inputs].
    ///   - weight: W, [inputs, outputs].
    ///   - bias: [outputs].
    ///   - residual: [..., outputs], added last.
    /// - Returns: [..., outputs]. An element is the sum over 256 inputs at a time, each an ascending chain of fused
    ///   multiply-adds, whatever the number of rows and of threads.
    public func linear(
        _ x: Tensor, _ weight: Weight, bias: Tensor? = nil, activation: Activation = .identity,
        adding residual: Tensor? = nil
    ) -> Tensor {
        precondition(x.shape[-1] == weight.inputs, "\(x.shape) into a linear map of \(weight.inputs) inputs")
        precondition(bias == nil || bias?.shape.count == weight.outputs, "a bias for \(weight.outputs) outputs")
        let shape = x.shape.withLast(weight.outputs)
        precondition(residual == nil || residual?.shape.count == shape.count, "a residual of shape \(shape)")
        if let tape, activation != .identity, [x, weight.tensor, bias].contains(where: tape.follows) {
            // The backward pass needs what the activation was given.
            let y = activate(linear(x, weight, bias: bias), activation)
            return residual.map { add(y, $0) } ?? y
        }
        let y = tensor(shape)
        let epilogue = ProductEpilogue(bias: bias, activation: activation, residual: residual)
        switch weight {
        case .packed(let matrix):
            multiply(x, matrix, epilogue: epilogue, into: y)
        case .inputsByOutputs(let matrix):
            multiply(MatrixView(x), MatrixView(matrix), into: MatrixView(y), epilogue: epilogue)
        case .outputsByInputs(let matrix):
            multiply(MatrixView(x), MatrixView(matrix).transposed, into: MatrixView(y), epilogue: epilogue)
        }
        if tape == nil { return y }
        return record(.linear, y, from: x, weight.tensor, bias, residual) { dy, pass in
            pass.add(dy, to: residual)
            pass.addLinear(x, weight, bias: bias, gradient: dy)
        }
    }
}

extension Backpropagation {
    /// What y = x W + b passes back to x, W and b: dx = dy Wᵀ, dW = xᵀ dy, db the sum of dy's rows.
    func addLinear(_ x: Tensor, _ weight: Weight, bias: Tensor?, gradient dy: Tensor) {
        if let view = weight.view {
            add(to: x) { dx, accumulate in
                context.multiply(
                    MatrixView(dy), view.transposed, into: MatrixView(dx), accumulate: accumulate)
            }
        } else if wants(x) {
            failAtPackedWeights()
        }
        add(to: weight.tensor) { dw, accumulate in
            context.addWeightGradient(weight, input: x, output: dy, into: dw, accumulate: accumulate)
        }
        add(to: bias) { db, accumulate in context.sumRows(dy, into: db, accumulate: accumulate) }
    }

    func failAtPackedWeights() {
        tape.fail(
            "gradients reach a linear map whose weights are packed for inference",
            advice: "Train a model whose weights are plain")
    }
}

extension ForwardContext {
    /// dW = xᵀ dy in the weight's own layout, or added to what `dw` holds.
    func addWeightGradient(
        _ weight: Weight, input x: Tensor, output dy: Tensor, into dw: Tensor, accumulate: Bool
    ) {
        let (input, output) = (MatrixView(x), MatrixView(dy))
        if case .outputsByInputs = weight {
            multiply(output.transposed, input, into: MatrixView(dw), accumulate: accumulate)
        } else {
            multiply(input.transposed, output, into: MatrixView(dw), accumulate: accumulate)
        }
    }
}
