public import Tensors

/// Draws fresh parameters, one tensor after another: the nth depends on the seed, on n and on its own shape only.
///
///     var generator = WeightGenerator(seed: 1)
///     let first = Linear(64, 256, using: &generator)
///     let second = Linear(256, 64, using: &generator)
public struct WeightGenerator: Sendable {
    private let seed: UInt64
    private var drawn: UInt64 = 0

    public init(seed: UInt64) { self.seed = seed }

    /// A parameter with elements uniform in `-bound ..< bound`.
    public mutating func uniform(_ shape: Shape, bound: Double) -> Tensor {
        drawn += 1
        return Tensor.uniform(shape, in: -bound..<bound, seed: seed, stream: drawn).asParameter
    }

    /// A parameter with elements drawn from the normal distribution with mean 0.
    public mutating func normal(_ shape: Shape, deviation: Double = 1) -> Tensor {
        drawn += 1
        return Tensor.normal(shape, deviation: deviation, seed: seed, stream: drawn).asParameter
    }

    /// A matrix uniform within √(6 / (rows + columns)), which keeps the variance of what passes through it forwards and
    /// backwards (Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010;
    /// PyTorch's `xavier_uniform_`).
    public mutating func glorotUniform(_ rows: Int, _ columns: Int) -> Tensor {
        uniform(Shape(rows, columns), bound: (6 / Double(rows + columns)).squareRoot())
    }
}

extension Tensor {
    /// A parameter whose elements are all `value`, [count].
    package static func parameter(_ value: Float, count: Int) -> Tensor {
        Tensor([Float](repeating: value, count: count), shape: Shape(count)).asParameter
    }
}
