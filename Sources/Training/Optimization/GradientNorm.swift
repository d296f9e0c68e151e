public import Layers
public import Tensors

extension Gradients {
    /// The Euclidean norm of all parameters' gradients taken as one vector; the same whatever the number of threads.
    public func norm(of model: some Module, _ context: ForwardContext) -> Double {
        let squares = model.parameters.reduce(0.0) { sum, parameter in
            sum + (self[parameter.tensor].map(context.sumOfSquares) ?? 0)
        }
        return squares.squareRoot()
    }
}
