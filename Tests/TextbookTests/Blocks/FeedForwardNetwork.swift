import Layers
import Tensors

/// W₂ relu(W₁ x + b₁) + b₂
struct FeedForwardNetwork: Module {
    var linear1: Linear
    var linear2: Linear

    init(_ size: Int, hidden: Int, using generator: inout WeightGenerator) {
        linear1 = Linear(size, hidden, using: &generator)
        linear2 = Linear(hidden, size, using: &generator)
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext) -> Tensor {
        linear2(linear1(x, activation: .relu, context), context)
    }

    mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("linear1", &linear1)
        visitor("linear2", &linear2)
    }
}
