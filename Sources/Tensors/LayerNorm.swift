internal import Kernels
internal import Runtime

extension ForwardContext {
    /// Layer normalisation over the last axis (Ba, Kiros and Hinton, arXiv:1607.06450): each row to mean 0 and variance
    /// 1, then times gain plus bias. The variance is the biased one and ε stands inside the root.
    ///
    /// - Parameters:
    ///   - x: [..., C].
    ///   - gain, bias: [C].
    /// - Returns: the normalised rows, [..., C], and each row's mean and 1/√(variance + ε), [R, 2].
    public func layerNorm(
        _ x: Tensor, gain: Tensor, bias: Tensor?, epsilon: Float
    ) -> (output: Tensor, statistics: Tensor) {
        checkNorm(x, gain: gain, bias: bias)
        let (output, statistics) = (tensor(x.shape), tensor(Shape(x.rows, 2)))
        team.run(
            LayerNormTask(
                x: x, gain: gain, bias: bias, epsilon: epsilon, output: output, statistics: statistics, kernels: kernels
            ),
            operations: x.shape.count * 4)
        if tape == nil { return (output, statistics) }
        return (recordNorm(output, x, statistics, gain: gain, bias: bias), statistics)
    }

    private func recordNorm(
        _ output: Tensor, _ x: Tensor, _ statistics: Tensor, gain: Tensor, bias: Tensor?
    ) -> Tensor {
        record(.layerNorm, output, from: x, gain, bias) { dy, pass in
            pass.addNormParameters(x, statistics, gain: gain, bias: bias, gradient: dy)
            guard pass.wants(x) else { return }
            let dx = pass.context.tensor(x.shape)
            pass.context.team.run(
                LayerNormBackwardTask(
                    x: x, statistics: statistics, gain: gain, dy: dy, dx: dx, kernels: pass.context.kernels),
                operations: x.shape.count * 6)
            pass.addOwned(dx, to: x)
        }
    }

    /// The second half of ``layerNorm(_:gain:bias:epsilon:)`` with statistics from elsewhere, in the same arithmetic. No
    /// gradient flows to the statistics.
    ///
    /// - Parameters:
    ///   - x: [..., C].
    ///   - statistics: a mean and a factor for each of x's rows, [R, 2].
    ///   - gain, bias: [C].
    /// - Returns: [..., C].
    public func normalize(_ x: Tensor, statistics: Tensor, gain: Tensor, bias: Tensor?) -> Tensor {
        checkNorm(x, gain: gain, bias: bias)
        precondition(
            statistics.shape == Shape(x.rows, 2), "statistics of shape \(statistics.shape) for \(x.rows) rows")
        let output = tensor(x.shape)
        let channels = x.shape[-1]
        for row in 0..<x.rows {
            let (mean, scale) = (statistics.floats[row * 2], statistics.floats[row * 2 + 1])
            for i in 0..<channels {
                let scaled = (x.floats[row * channels + i] - mean) * scale
                output.floats[row * channels + i] = (bias?.floats[i] ?? 0).addingProduct(scaled, gain.floats[i])
            }
        }
        if tape == nil { return output }
        return record(.normalize, output, from: x, gain, bias) { dy, pass in
            pass.addNormParameters(x, statistics, gain: gain, bias: bias, gradient: dy)
            guard pass.wants(x) else { return }
            let dx = pass.context.tensor(x.shape)
            for element in 0..<x.shape.count {
                let scale = statistics.floats[element / channels * 2 + 1]
                dx.floats[element] = dy.floats[element] * gain.floats[element % channels] * scale
            }
            pass.addOwned(dx, to: x)
        }
    }

    /// Stops where gains or biases are not one for each channel.
    func checkNorm(_ x: Tensor, gain: Tensor, bias: Tensor?) {
        let channels = x.shape[-1]
        precondition(
            gain.shape.count == channels && bias?.shape.count ?? channels == channels,
            "gains of shape \(gain.shape) and biases of \(bias?.shape ?? gain.shape) for \(channels) channels")
    }
}

extension Backpropagation {
    /// What y = gain * (x - mean) * scale + bias passes back to gain and bias: sums over the rows in order.
    func addNormParameters(_ x: Tensor, _ statistics: Tensor, gain: Tensor, bias: Tensor?, gradient dy: Tensor) {
        let channels = x.shape[-1]
        add(to: gain) { dgain, accumulate in
            if !accumulate { dgain.floats.update(repeating: 0, count: channels) }
            // Each thread has some of the channels, so that rows are added in order.
            context.forEachRange(of: channels, cost: x.rows * 2) { start, count in
                for row in 0..<x.rows {
                    let element = row * channels + start
                    context.kernels.pointee.layer_norm_parameters(
                        count, x.floats + element, statistics.floats + row * 2, dy.floats + element,
                        dgain.floats + start, nil)
                }
            }
        }
        add(to: bias) { dbias, accumulate in context.sumRows(dy, into: dbias, accumulate: accumulate) }
    }
}

private struct LayerNormTask: TeamTask {
    let x: Tensor
    let gain: Tensor
    let bias: Tensor?
    let epsilon: Float
    let output: Tensor
    let statistics: Tensor
    let kernels: KernelTable

    func run(part: Int, of parts: Int) {
        let channels = x.shape[-1]
        for row in x.rows * part / parts..<x.rows * (part + 1) / parts {
            kernels.pointee.layer_norm(
                channels, x.floats + row * channels, gain.floats, bias?.floats, epsilon,
                output.floats + row * channels, statistics.floats + row * 2)
        }
    }
}

private struct LayerNormBackwardTask: TeamTask {
    let x: Tensor
    let statistics: Tensor
    let gain: Tensor
    let dy: Tensor
    let dx: Tensor
    let kernels: KernelTable

    func run(part: Int, of parts: Int) {
        let channels = x.shape[-1]
        for row in x.rows * part / parts..<x.rows * (part + 1) / parts {
            let start = row * channels
            kernels.pointee.layer_norm_backward(
                channels, x.floats + start, statistics.floats + row * 2, gain.floats, dy.floats + start,
                dx.floats + start)
        }
    }
}
