internal import Runtime

extension ForwardContext {
    /// A matrix of nearly orthonormal rows, or columns where there are more rows, near the direction of `x`, [R, C].
    ///
    /// Five Newton-Schulz steps x ← a x + (b A + c A²) x with A = x xᵀ, after which the singular values lie between about
    /// 0.7 and 1.2 (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024).
    ///
    /// - Returns: [R, C], as data: no gradients flow through it.
    public func orthogonalized(_ x: Tensor) -> Tensor {
        precondition(x.shape.rank == 2, "\(x.shape) is not a matrix")
        let (rows, columns) = (x.shape[0], x.shape[1])
        let norm = sumOfSquares(x).squareRoot()
        let isTall = rows > columns
        let small = min(rows, columns)
        var y = tensor(isTall ? Shape(columns, rows) : x.shape)
        if isTall {
            kernels.pointee.transpose(rows, columns, x.floats, columns, y.floats, rows)
        } else {
            y.floats.update(from: x.floats, count: x.shape.count)
        }
        y = withoutTape.scale(y, by: Float(1 / (norm + 1e-7)))
        let (a, b, c): (Float, Float, Float) = (3.4445, -4.7750, 2.0315)
        for _ in 0..<5 {
            let gram = tensor(Shape(small, small))
            multiply(MatrixView(y), MatrixView(y).transposed, into: MatrixView(gram))
            // b A + c A A
            let mixed = withoutTape.scale(gram, by: b)
            let scaled = withoutTape.scale(gram, by: c)
            multiply(MatrixView(scaled), MatrixView(gram), into: MatrixView(mixed), accumulate: true)
            let next = withoutTape.scale(y, by: a)
            multiply(MatrixView(mixed), MatrixView(y), into: MatrixView(next), accumulate: true)
            y = next
        }
        guard isTall else { return y }
        let turned = tensor(x.shape)
        kernels.pointee.transpose(columns, rows, y.floats, rows, turned.floats, columns)
        return turned
    }

    /// Changes a matrix by Muon's step: momentum ← 0.95 momentum + 0.05 gradient, then a step of `rate` along the
    /// orthogonalised mixture of gradient and momentum (Nesterov's), times √max(1, outputs / inputs).
    ///
    /// - Parameters:
    ///   - parameter, momentum, gradient: [inputs, outputs], or turned.
    ///   - isTurned: whether they are [outputs, inputs], as PyTorch stores them.
    ///   - decay: the share of the weights that a step at rate 1 would take off.
    ///   - scale: factor on the gradient.
    public func updateOrthogonally(
        _ parameter: inout Tensor, momentum: inout Tensor, gradient: Tensor, isTurned: Bool, rate: Double,
        decay: Double, scale: Double
    ) {
        precondition(parameter.shape.rank == 2, "\(parameter.shape) is not a matrix")
        let count = parameter.shape.count
        precondition(momentum.shape.count == count && gradient.shape.count == count)
        let (rows, columns) = (parameter.shape[0], parameter.shape[1])
        let (inputs, outputs) = isTurned ? (columns, rows) : (rows, columns)
        let (p, m) = (parameter.ownedFloats(), momentum.ownedFloats())
        let mixture = tensor(Shape(rows, columns))
        let factor = Float(scale)
        forEachRange(of: count, cost: 4) { start, count in
            for i in start..<start + count {
                let g = gradient.floats[i] * factor
                m[i] += 0.05 * (g - m[i])
                mixture.floats[i] = g + 0.95 * (m[i] - g)
            }
        }
        let direction = orthogonalized(mixture)
        let step = Float(rate * max(1, Double(outputs) / Double(inputs)).squareRoot())
        let keep = Float(1 - rate * decay)
        forEachRange(of: count, cost: 2) { start, count in
            for i in start..<start + count { p[i] = p[i] * keep - step * direction.floats[i] }
        }
    }
}
