public import Layers
public import Tensors

extension Gradients {
    /// The Euclidean norm of all parameters' gradients taken as one vector; the same whatever the number of threads. What
    /// several paths share counts once.
    public func norm(of model: some Module, _ context: ForwardContext) -> Double {
        var seen: Set<ObjectIdentifier> = []
        let squares = model.parameters.reduce(0.0) { sum, parameter in
            guard seen.insert(parameter.tensor.memory).inserted else { return sum }
            return sum + (self[parameter.tensor].map(context.sumOfSquares) ?? 0)
        }
        return squares.squareRoot()
    }
}
