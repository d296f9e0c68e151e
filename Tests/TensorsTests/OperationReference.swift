import Foundation
import Tensors
import Testing

/// What PyTorch gives for an operation in float64; made by Fixtures/make_operations.py.
struct OperationReference: Decodable, Sendable {
    /// Some elements of a tensor, and figures of all.
    struct Summary: Decodable, Sendable {
        let shape: [Int]
        let sum, magnitude, largest: Double
        /// Every `stride`-th element.
        let stride: Int
        let elements: [Double]

        /// Compares to `tolerance` of the largest element, and the sum to that of the elements' magnitudes.
        func check(_ tensor: Tensor, tolerance: Double, _ name: String) {
            #expect(tensor.shape.sizesByAxis == shape, "\(name)")
            let values = tensor.values.map(Double.init)
            // Zero but for float64's rounding is zero.
            let (largest, magnitude) = (max(largest, 1e-9), max(magnitude, 1e-9))
            let places = Swift.stride(from: 0, to: values.count, by: stride)
            #expect(Array(places).count == elements.count, "\(name)")
            for (place, wanted) in zip(places, elements) {
                #expect(abs(values[place] - wanted) <= tolerance * largest, "\(name)[\(place)]")
            }
            #expect(abs(values.reduce(0, +) - sum) <= tolerance * magnitude, "\(name), sum")
        }
    }

    let output: Summary
    let gradients: [String: Summary]

    private static let loaded = Result {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return try JSONDecoder().decode(
            [String: OperationReference].self, from: Data(contentsOf: folder.appendingPathComponent("operations.json")))
    }

    /// By case.
    static func all() throws -> [String: OperationReference] { try loaded.get() }
}
