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
            team.run(
                PackedLinearTask(x: x, weight: matrix, epilogue: epilogue, y: y, kernels: kernels),
                operations: x.rows * weight.inputs * weight.outputs)
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

private struct PackedLinearTask: TeamTask {
    let x: Tensor
    let weight: PackedMatrix
    let epilogue: ProductEpilogue
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
            var finish = kernels_epilogue(
                bias: epilogue.bias.map { UnsafePointer($0.floats + first) },
                residual: epilogue.residual.map { UnsafePointer($0.floats + row * outputs + first) },
                residual_stride: outputs, activation: epilogue.activation.kernel)
            kernels.matmul(
                min(Self.rowsTogether, x.rows - row), columns, inputs, x.floats + row * inputs, inputs,
                weight.panels + first * inputs, weight.panelStride, y.floats + row * outputs + first, outputs, 0,
                &finish)
        }
    }
}
