internal import Kernels
internal import Runtime

extension ForwardContext {
    /// Layer normalisation over the last axis (Ba, Kiros and Hinton, arXiv:1607.06450): each row to mean 0 and variance
    /// 1, then times gain plus bias. The variance is the biased one and ε stands inside the root.
    ///
    /// - Parameters:
    ///   - x: [R, C].
    ///   - gain, bias: [C].
    /// - Returns: the normalised rows, [R, C], and each row's mean and 1/√(variance + ε), [R, 2].
    public func layerNorm(
        _ x: Tensor, gain: Tensor, bias: Tensor?, epsilon: Float
    ) -> (output: Tensor, statistics: Tensor) {
        let (output, statistics) = (tensor(x.shape), tensor(Shape(x.rows, 2)))
        team.run(
            LayerNormTask(
                x: x, gain: gain, bias: bias, epsilon: epsilon, output: output, statistics: statistics, kernels: kernels
            ),
            operations: x.shape.count * 4)
        return (output, statistics)
    }

    /// The second half of ``layerNorm(_:gain:bias:epsilon:)`` with statistics from elsewhere, in the same arithmetic.
    public func normalize(_ x: Tensor, statistics: Tensor, gain: Tensor, bias: Tensor?) -> Tensor {
        let output = tensor(x.shape)
        let channels = x.shape[-1]
        for row in 0..<x.rows {
            let (mean, scale) = (statistics.floats[row * 2], statistics.floats[row * 2 + 1])
            for i in 0..<channels {
                let scaled = (x.floats[row * channels + i] - mean) * scale
                output.floats[row * channels + i] = (bias?.floats[i] ?? 0).addingProduct(scaled, gain.floats[i])
            }
        }
        return output
    }
}

private struct LayerNormTask: TeamTask {
    let x: Tensor
    let gain: Tensor
    let bias: Tensor?
    let epsilon: Float
    let output: Tensor
    let statistics: Tensor
    let kernels: kernels_table

    func run(part: Int, of parts: Int) {
        let channels = x.shape[-1]
        for row in x.rows * part / parts..<x.rows * (part + 1) / parts {
            kernels.layer_norm(
                channels, x.floats + row * channels, gain.floats, bias?.floats, epsilon,
                output.floats + row * channels, statistics.floats + row * 2)
        }
    }
}
