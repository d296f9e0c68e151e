import Layers
import Tensors
import Testing
import Training

/// Parameters that stand under several paths are changed once and stay the same, by either optimizer.
@Suite struct TiedParameterTests {
    /// x W₁ times x W₂, whose weights may be one.
    private struct Pair: Module {
        var first: Linear
        var second: Linear

        init(_ first: Tensor, _ second: Tensor) {
            self.first = Linear(weight: .outputsByInputs(first))
            self.second = Linear(weight: .outputsByInputs(second))
        }

        func callAsFunction(_ x: Tensor, _ context: ForwardContext) -> Tensor {
            context.multiply(first(x, context), second(x, context))
        }

        var values: [[Float]] { parameters.map(\.tensor.values) }

        mutating func visit(_ visitor: inout ModuleVisitor) {
            visitor("first", &first)
            visitor("second", &second)
        }
    }

    enum Optimizer: CaseIterable { case adamW, muon, both }

    private let x = Tensor.normal(Shape(3, 4), seed: 2)
    private let weight = Tensor.normal(Shape(5, 4), seed: 1).asParameter

    /// Some steps; the norms of their gradients.
    private func train(_ model: inout Pair, _ optimizer: Optimizer) throws -> [Double] {
        var context = ForwardContext()
        var adamW = AdamW()
        var muon = Muon(blocks: optimizer == .both ? "second." : "weight")
        return try (0..<3).map { _ in
            let tape = context.startTape()
            let gradients = try tape.gradients(of: context.sum(model(x, context)), context: context)
            let norm = gradients.norm(of: model, context)
            if optimizer != .adamW { muon.update(&model, gradients: gradients, rate: 0.02, context) }
            if optimizer != .muon { adamW.update(&model, gradients: gradients, rate: 0.01, context) }
            return norm
        }
    }

    /// The same with one weight, used twice.
    private struct Single: Module {
        var only: Linear

        mutating func visit(_ visitor: inout ModuleVisitor) { visitor("first", &only) }
    }

    private func expected(_ optimizer: Optimizer) throws -> (values: [Float], norms: [Double]) {
        var (model, context) = (Single(only: Linear(weight: .outputsByInputs(weight))), ForwardContext())
        var (adamW, muon) = (AdamW(), Muon(blocks: "weight"))
        let norms = try (0..<3).map { _ in
            let tape = context.startTape()
            let y = context.multiply(model.only(x, context), model.only(x, context))
            let gradients = try tape.gradients(of: context.sum(y), context: context)
            let norm = gradients.norm(of: model, context)
            if optimizer == .muon {
                muon.update(&model, gradients: gradients, rate: 0.02, context)
            } else {
                adamW.update(&model, gradients: gradients, rate: 0.01, context)
            }
            return norm
        }
        return (model.parameters[0].tensor.values, norms)
    }

    /// Where only its second path is Muon's, the first decides.
    @Test(arguments: Optimizer.allCases) func tiedWeightsStayTied(_ optimizer: Optimizer) throws {
        var model = Pair(weight, weight)
        let (values, norms) = try expected(optimizer)
        #expect(try train(&model, optimizer) == norms)
        #expect(model.values == [values, values])
        #expect(model.values[0] != weight.values)
        let memories = Set(model.parameters.map(\.tensor.memory))
        #expect(memories.count == 1)
    }

    @Test func copiesOfALayerAreOne() throws {
        var generator = WeightGenerator(seed: 1)
        let layer = Linear(4, 4, using: &generator)
        var model = Pair(try #require(layer.weight.tensor), weight)
        model.first = layer
        model.second = model.first
        _ = try train(&model, .adamW)
        #expect(model.values[0] == model.values[2] && model.values[1] == model.values[3])
        #expect(model.values[0] != layer.weight.tensor?.values)
    }

    @Test func loadingTiesNothingAndUntiesNothing() throws {
        let (z, other) = (Tensor.normal(Shape(5, 4), seed: 3), Tensor.normal(Shape(5, 4), seed: 4))
        // One tensor for two parameters.
        var apart = Pair(weight, other.asParameter)
        try apart.load(["first.weight": z, "second.weight": z])
        #expect(apart.values == [z.values, z.values])
        #expect(Set(apart.parameters.map(\.tensor.memory)).count == 2)
        // One parameter that gets the same numbers twice, and one that does not.
        var tied = Pair(weight, weight)
        try tied.load(["first.weight": z, "second.weight": z.detached])
        #expect(Set(tied.parameters.map(\.tensor.memory)).count == 1)
        try tied.load(["first.weight": z, "second.weight": other])
        #expect(tied.values == [z.values, other.values])
    }
}
