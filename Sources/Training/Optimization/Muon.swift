public import Layers
public import Tensors

/// Muon (Jordan et al., 2024): momentum whose matrices are made orthogonal, so that a step moves all directions of a weight
/// alike. It learns from fewer tokens than AdamW; a step costs a few more products of the weights' size.
///
/// For the matrices inside blocks. Embeddings, biases and norms are left to ``AdamW``.
public struct Muon: Sendable {
    /// The means of the gradients, by the parameter's path.
    package var momenta: [String: Tensor] = [:]
    public var weightDecay: Double
    /// What the paths of the blocks' parameters contain.
    public let blocks: String

    /// - Parameter blocks: what the paths of parameters inside blocks contain, and no others; ".h." is GPT-2's.
    public init(weightDecay: Double = 0.05, blocks: String = ".h.") {
        self.weightDecay = weightDecay
        self.blocks = blocks
    }

    /// Whether a parameter is one of Muon's.
    public func handles(_ path: String, _ parameter: Tensor) -> Bool { Self.handles(path, parameter, in: blocks) }

    private static func handles(_ path: String, _ parameter: Tensor, in blocks: String) -> Bool {
        parameter.shape.rank == 2 && path.contains(blocks)
    }

    /// Takes one step with the gradients that are its own, which it takes out of `gradients`. A matrix moves as far as its
    /// inputs and outputs say, in whichever order it is stored.
    ///
    /// - Parameters:
    ///   - rate: the learning rate; 0.02 is usual.
    ///   - scale: factor on the gradients, as from averaging over batches.
    public mutating func update(
        _ model: inout some Module, gradients: Gradients, rate: Double, scale: Double = 1, _ context: ForwardContext
    ) {
        let turned = Set(model.weights(in: .outputsByInputs))
        let isOurs = { [blocks] path, parameter in Self.handles(path, parameter, in: blocks) }
        model.update(with: gradients, where: isOurs) { path, parameter, gradient in
            // Taken out meanwhile, so that its memory has one owner and changes in place.
            var momentum = momenta.removeValue(forKey: path) ?? .zeros(parameter.shape)
            context.updateOrthogonally(
                &parameter, momentum: &momentum, gradient: gradient, isTurned: turned.contains(path), rate: rate,
                decay: weightDecay, scale: scale)
            momenta[path] = momentum
        }
    }
}
