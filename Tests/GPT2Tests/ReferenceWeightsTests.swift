import Foundation
import TestSupport
import Testing

/// NumPy and Swift make the same weights: without this, no comparison with a reference means anything.
@Suite struct ReferenceWeightsTests {
    @Test(arguments: ["small/base", "small/narrow-heads", "gpt2-124m"])
    func weightsEqualNumPys(name: String) throws {
        let reference = try Fixtures.reference(name)
        let expected = try #require(reference.weights)
        #expect(Set(expected.keys) == Set(reference.tensors.map(\.name)))
        for (tensor, shape) in reference.tensors {
            let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: shape.reduce(1, *))
            defer { values.deallocate() }
            CounterWeights.fill(values, name: tensor, seed: reference.seed, rule: reference.rule(for: tensor))
            #expect(values.prefix(3).map(\.bitPattern) == expected[tensor]?.first, "\(tensor)")
            #expect(values.suffix(3).map(\.bitPattern) == expected[tensor]?.last, "\(tensor)")
            #expect(values.reduce(0) { $0 + UInt64($1.bitPattern) } == expected[tensor]?.sum, "\(tensor)")
        }
    }
}
