import Layers
import Tensors
import TestSupport
import Testing
import Training

@Suite struct MuonTests {
    private struct Wrapped: Module {
        var linear: Linear

        mutating func visit(_ visitor: inout ModuleVisitor) { visitor("linear", &linear) }
    }

    /// How a step changes a map of some inputs and outputs, [inputs, outputs], however its weight is stored.
    private func step(inputs: Int, outputs: Int, isTurned: Bool) throws -> [Float] {
        let weight = Tensor.normal(Shape(inputs, outputs), seed: 1)
        let turned = transposed(weight)
        var model = Wrapped(
            linear: Linear(
                weight: isTurned ? .outputsByInputs(turned.asParameter) : .inputsByOutputs(weight.asParameter)))
        var (context, muon) = (ForwardContext(), Muon(weightDecay: 0, blocks: "weight"))
        let tape = context.startTape()
        let y = model.linear(.normal(Shape(7, inputs), seed: 2), context)
        let gradients = try tape.gradients(of: y, seed: .normal(y.shape, seed: 3), context: context)
        muon.update(&model, gradients: gradients, rate: 0.5, context)
        let after = try #require(model.linear.weight.tensor)
        return zip((isTurned ? transposed(after) : after).values, weight.values).map { $0 - $1 }
    }

    private func transposed(_ x: Tensor) -> Tensor {
        Tensor(
            (0..<x.shape[1]).flatMap { j in (0..<x.shape[0]).map { i in x[i, j] } },
            shape: Shape(x.shape[1], x.shape[0]))
    }

    @Test(arguments: [(4, 16), (16, 4), (9, 9)]) func bothLayoutsTakeTheSameStep(inputs: Int, outputs: Int) throws {
        let plain = try step(inputs: inputs, outputs: outputs, isTurned: false)
        let turned = try step(inputs: inputs, outputs: outputs, isTurned: true)
        #expect(largestDifference(turned, plain) < 1e-4)
        // The singular values of the step are near the rate times the root of outputs over inputs, at least 1.
        let size = plain.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let rank = Double(min(inputs, outputs, 7)).squareRoot()
        let expected = 0.5 * max(1, Double(outputs) / Double(inputs)).squareRoot() * rank
        #expect((0.6...1.3).contains(size / expected), "\(size) for \(expected)")
    }
}
