import Layers
import Tensors

/// Loads a block's parameters by path and works out their gradients, and that of x.
func gradients(of parameters: String, for x: Tensor) throws -> Gradients {
    var generator = WeightGenerator(seed: 1)
    var block = ResidualBlock(64, hidden: 256, using: &generator)
    try block.load(contentsOf: parameters)

    var context = ForwardContext()
    let tape = context.startTape()
    let loss = context.sum(block(x, context))
    return try tape.gradients(of: loss, context: context)
}
