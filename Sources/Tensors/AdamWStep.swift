internal import Kernels
internal import Runtime

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The numbers of one AdamW step (Loshchilov and Hutter, arXiv:1711.05101), with the names of `torch.optim.AdamW`.
public struct AdamWStep: Sendable {
    public var rate: Double
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    public var weightDecay: Double
    /// How many steps have been taken, this one included.
    public var number: Int
    /// Factor on the gradients, as from clipping.
    public var gradientScale: Double

    public init(
        rate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, number: Int,
        gradientScale: Double
    ) {
        self.rate = rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.number = number
        self.gradientScale = gradientScale
    }

    fileprivate var factors: kernels_adamw {
        kernels_adamw(
            gradient_scale: Float(gradientScale), beta1_complement: Float(1 - beta1), beta2: Float(beta2),
            beta2_complement: Float(1 - beta2), keep: Float(1 - rate * weightDecay),
            step_size: Float(rate / (1 - pow(beta1, Double(number)))),
            root_factor: Float(1 / (1 - pow(beta2, Double(number))).squareRoot()), epsilon: Float(epsilon))
    }
}

extension ForwardContext {
    /// Changes a parameter and the means of its gradients and their squares, all of one shape, in one pass over memory.
    ///
    /// - Parameter gradient: from ``Gradients/take(_:)``. One that was only read leaves the parameter's memory in the
    ///   ``Gradients``: the parameter then moves to a copy, and the old memory stays there.
    public func update(
        _ parameter: inout Tensor, mean: inout Tensor, square: inout Tensor, gradient: Tensor, _ step: AdamWStep
    ) {
        let count = parameter.shape.count
        precondition(mean.shape.count == count && square.shape.count == count && gradient.shape.count == count)
        var factors = step.factors
        let (p, m, v) = (parameter.ownedFloats(), mean.ownedFloats(), square.ownedFloats())
        forEachRange(of: count, cost: 8) { start, count in
            kernels.pointee.adamw(count, &factors, gradient.floats + start, p + start, m + start, v + start)
        }
    }

    /// The sum of the squares of all elements, in blocks of 65,536 that are added in order.
    public func sumOfSquares(_ x: Tensor) -> Double {
        let block = 65_536
        var sums = [Double](repeating: 0, count: (x.shape.count + block - 1) / block)
        sums.withUnsafeMutableBufferPointer { sums in
            team.run(SquaresTask(x: x, block: block, sums: sums, kernels: kernels), operations: x.shape.count)
        }
        return sums.reduce(0, +)
    }
}

private struct SquaresTask: TeamTask {
    let x: Tensor
    let block: Int
    /// Safe to share: each part writes the sums of its own blocks.
    nonisolated(unsafe) let sums: UnsafeMutableBufferPointer<Double>
    let kernels: KernelTable

    func run(part: Int, of parts: Int) {
        for index in sums.count * part / parts..<sums.count * (part + 1) / parts {
            let start = index * block
            sums[index] = kernels.pointee.sum_of_squares(min(block, x.shape.count - start), x.floats + start)
        }
    }
}
