import Layers
import Tensors

/// x with sines and cosines of its positions added.
struct PositionalEncoding: Module {
    let positions = SinusoidalPositions()

    func callAsFunction(_ x: Tensor, _ context: ForwardContext) -> Tensor { positions(x, context) }

    mutating func visit(_ visitor: inout ModuleVisitor) {}
}

/// The same vectors by themselves, [1, T, D].
func positionalEncoding(_ positions: some Collection<Int>, _ size: Int) -> Tensor {
    SinusoidalPositions.encoding(positions: positions, channels: size).reshaped(Shape(1, positions.count, size))
}
