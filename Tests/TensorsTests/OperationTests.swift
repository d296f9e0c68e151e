import Tensors
import Testing

@Suite("Operations") struct OperationTests {
    @Test("outputs and gradients are those of the double-precision twin", arguments: OperationCase.all)
    func finiteDifferences(_ item: OperationCase) throws {
        let outcome = try item.run()
        #expect(outcome.operations.contains(item.operation), "the case does not record its operation")
        let expected = item.twin(Named(item.tensors().values.mapValues { Numbers($0) }))
        #expect(outcome.output.shape == expected.shape)
        for (found, wanted) in zip(outcome.output.values, expected.values) {
            #expect(abs(Double(found) - wanted) <= 2e-6 * expected.largest)
        }
        try FiniteDifferences(item).check(outcome.gradients, tolerance: 5e-6)
    }

    @Test("outputs and gradients are PyTorch's", arguments: OperationCase.all)
    func pyTorch(_ item: OperationCase) throws {
        let outcome = try item.run()
        let expected = try #require(try OperationReference.all()[item.name], "not in operations.json")
        expected.output.check(outcome.output, tolerance: 2e-6, item.name)
        #expect(Set(expected.gradients.keys) == Set(item.inputs.map(\.name)))
        for (name, gradient) in expected.gradients {
            gradient.check(try #require(outcome.gradients[name]), tolerance: 5e-6, "\(item.name): \(name)")
        }
    }
}
