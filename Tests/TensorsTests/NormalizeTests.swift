import Tensors
import Testing

@Suite("Normalising with statistics from elsewhere") struct NormalizeTests {
    /// With the row's own statistics it is layer norm, bit for bit; its gradient takes them for data.
    @Test func ownStatistics() throws {
        let x = Tensor.normal(Shape(3, 21), seed: 1).asParameter
        let (gain, bias) = (Tensor.normal(Shape(21), seed: 2), Tensor.normal(Shape(21), seed: 3))
        var context = ForwardContext()
        let (output, statistics) = context.layerNorm(x, gain: gain, bias: bias, epsilon: 1e-5)
        let tape = context.startTape()
        let again = context.normalize(x, statistics: statistics, gain: gain, bias: bias)
        #expect(again.values == output.values)
        let ones = Tensor([Float](repeating: 1, count: 63), shape: Shape(3, 21))
        let gradients = try tape.gradients(of: again, seed: ones, context: context)
        let expected = (0..<63).map { gain.values[$0 % 21] * statistics[$0 / 21, 1] }
        #expect(gradients[x]?.values == expected)
    }
}
