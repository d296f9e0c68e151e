public import Layers
public import Tensors

/// AdamW (Loshchilov and Hutter, arXiv:1711.05101) as `torch.optim.AdamW` computes it, fused in one pass over memory.
///
/// Matrices and tables decay; biases and norms, which have one axis, do not.
public struct AdamW: Sendable {
    public struct Settings: Sendable, Equatable {
        /// How slowly the mean of the gradients moves.
        public var beta1 = 0.9
        /// How slowly the mean of their squares moves.
        public var beta2 = 0.95
        /// Added to the root of the squares.
        public var epsilon = 1e-8
        /// The share of a weight that a step at rate 1 would take off.
        public var weightDecay = 0.1

        public init() {}
    }

    public var settings: Settings
    /// How many steps have been taken.
    public package(set) var step = 0
    /// The means of the gradients and of their squares, by the parameter's path.
    package var moments: [String: Moments] = [:]

    package struct Moments: Sendable {
        package var mean: Tensor
        package var square: Tensor

        package init(mean: Tensor, square: Tensor) {
            self.mean = mean
            self.square = square
        }
    }

    public init(_ settings: Settings = Settings()) { self.settings = settings }

    /// Takes one step, and takes the gradients that it uses out of `gradients`.
    ///
    /// - Parameters:
    ///   - rate: the learning rate.
    ///   - scale: factor on the gradients, as from clipping or from averaging over batches.
    ///   - context: whose threads to use.
    public mutating func update(
        _ model: inout some Module, gradients: Gradients, rate: Double, scale: Double = 1, _ context: ForwardContext
    ) {
        step += 1
        var factors = AdamWStep(
            rate: rate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon, weightDecay: 0,
            number: step, gradientScale: scale)
        model.update(with: gradients) { path, parameter, gradient in
            factors.weightDecay = parameter.shape.rank >= 2 ? settings.weightDecay : 0
            // Taken out meanwhile, so that its memory has one owner and changes in place.
            var moment =
                moments.removeValue(forKey: path)
                ?? Moments(mean: .zeros(parameter.shape), square: .zeros(parameter.shape))
            context.update(&parameter, mean: &moment.mean, square: &moment.square, gradient: gradient, factors)
            moments[path] = moment
        }
    }
}
