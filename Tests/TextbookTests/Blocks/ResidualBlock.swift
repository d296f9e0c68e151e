import Layers
import Tensors

/// y = relu(W₂ relu(W₁ x) + x)
struct ResidualBlock: Module {
    var fc1: Linear
    var fc2: Linear

    init(_ size: Int, hidden: Int, using generator: inout WeightGenerator) {
        fc1 = Linear(size, hidden, using: &generator)
        fc2 = Linear(hidden, size, using: &generator)
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext) -> Tensor {
        let sum = fc2(fc1(x, activation: .relu, context), adding: x, context)
        return context.activate(sum, .relu)
    }

    mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("fc1", &fc1)
        visitor("fc2", &fc2)
    }
}
