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
    /// activation(x), element by element.
    public func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
        let y = tensor(x.shape)
        forEachRange(of: x.shape.count, cost: 20) { start, count in
            kernels.pointee.activate(count, activation.kernel, x.floats + start, y.floats + start)
        }
        if tape == nil { return y }
        return record(.activate, y, from: x) { dy, pass in
            let dx = pass.context.tensor(x.shape)
            pass.context.forEachRange(of: x.shape.count, cost: 30) { start, count in
                pass.context.kernels.pointee.activate_backward(
                    count, activation.kernel, x.floats + start, dy.floats + start, dx.floats + start)
            }
            pass.addOwned(dx, to: x)
        }
    }

    /// a + b, element by element; both of the same shape.
    public func add(_ a: Tensor, _ b: Tensor) -> Tensor {
        precondition(a.shape == b.shape, "\(a.shape) + \(b.shape)")
        let y = tensor(a.shape)
        let (left, right, sum) = (a.floats, b.floats, y.floats)
        for i in 0..<a.shape.count { sum[i] = left[i] + right[i] }
        if tape == nil { return y }
        return record(.add, y, from: a, b) { dy, pass in
            pass.add(dy, to: a)
            pass.add(dy, to: b)
        }
    }

    /// a * b, element by element; both of the same shape.
    public func multiply(_ a: Tensor, _ b: Tensor) -> Tensor {
        precondition(a.shape == b.shape, "\(a.shape) * \(b.shape)")
        func product(_ a: Tensor, _ b: Tensor, _ context: ForwardContext) -> Tensor {
            let y = context.tensor(a.shape)
            context.kernels.pointee.multiply(a.shape.count, a.floats, b.floats, y.floats)
            return y
        }
        return record(.multiply, product(a, b, self), from: a, b) { dy, pass in
            if pass.wants(a) { pass.addOwned(product(dy, b, pass.context), to: a) }
            if pass.wants(b) { pass.addOwned(product(dy, a, pass.context), to: b) }
        }
    }

    /// x times a number.
    public func scale(_ x: Tensor, by factor: Float) -> Tensor {
        func scaled(_ x: Tensor, _ context: ForwardContext) -> Tensor {
            let y = context.tensor(x.shape)
            for i in 0..<x.shape.count { y.floats[i] = x.floats[i] * factor }
            return y
        }
        return record(.scale, scaled(x, self), from: x) { dy, pass in
            pass.addOwned(scaled(dy, pass.context), to: x)
        }
    }

    /// The sum of all elements, [1]; added up in double precision, from the first to the last.
    public func sum(_ x: Tensor) -> Tensor {
        var total = 0.0
        for i in 0..<x.shape.count { total += Double(x.floats[i]) }
        let y = tensor(Shape(1))
        y.floats[0] = Float(total)
        if tape == nil { return y }
        return record(.sum, y, from: x) { dy, pass in
            let dx = pass.context.tensor(x.shape)
            dx.floats.update(repeating: dy.floats[0], count: x.shape.count)
            pass.addOwned(dx, to: x)
        }
    }

    /// sum += x.
    func accumulate(_ x: Tensor, into sum: Tensor) {
        precondition(x.shape.count == sum.shape.count, "\(x.shape) into \(sum.shape)")
        forEachRange(of: x.shape.count, cost: 1) { start, count in
            kernels.pointee.add_scaled(count, 1, x.floats + start, sum.floats + start)
        }
    }

    /// sum[c] = Σ x[r, c] over the rows in order, or added to what it holds.
    func sumRows(_ x: Tensor, into sum: Tensor, accumulate: Bool) {
        let columns = x.shape[-1]
        if !accumulate { sum.floats.update(repeating: 0, count: columns) }
        forEachRange(of: columns, cost: x.rows) { start, count in
            for row in 0..<x.rows {
                kernels.pointee.add_scaled(count, 1, x.floats + row * columns + start, sum.floats + start)
            }
        }
    }

    /// Shares `count` elements among the threads; `cost` is the simple operations that each takes.
    func forEachRange(of count: Int, cost: Int, _ body: (_ start: Int, _ count: Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            team.run(RangeTask(count: count, body: body), operations: count * cost)
        }
    }
}

/// Elements in runs of whole cache lines.
private struct RangeTask: TeamTask {
    let count: Int
    let body: (Int, Int) -> Void

    func run(part: Int, of parts: Int) {
        let lines = (count + 15) / 16
        let start = lines * part / parts * 16
        let end = min(lines * (part + 1) / parts * 16, count)
        if end > start { body(start, end - start) }
    }
}
