import Tensors
import Testing

/// The gradients of an operation's twin by central differences, and how far ours are from them.
struct FiniteDifferences {
    let item: OperationCase
    private let inputs: Named<Numbers>
    private let seed: [Double]

    private static let step = 1e-5
    /// Inputs of more elements are looked at in about as many places, and along some directions as a whole.
    private static let places = 40
    private static let directions = 3
    /// What the differences themselves are off where a gradient is zero.
    private static let noise = 1e-9

    init(_ item: OperationCase) {
        self.item = item
        inputs = Named(item.tensors().values.mapValues { Numbers($0) })
        seed = item.seed(item.twin(inputs).shape).values.map(Double.init)
    }

    /// The derivative of the seeded sum of the output as an input moves along a direction.
    private func derivative(_ name: String, along direction: [Double]) -> Double {
        func objective(_ step: Double) -> Double {
            var moved = inputs
            for i in direction.indices { moved.values[name]?.values[i] += step * direction[i] }
            return zip(item.twin(moved).values, seed).reduce(0) { $0 + $1.0 * $1.1 }
        }
        return (objective(Self.step) - objective(-Self.step)) / (2 * Self.step)
    }

    /// Checks every element of small gradients, and some of large ones, to `tolerance` of the largest.
    func check(_ gradients: [String: Tensor], tolerance: Double) throws {
        for input in item.inputs {
            let gradient = try Numbers(#require(gradients[input.name]))
            #expect(gradient.shape == input.shape, "\(item.name): \(input.name)")
            let count = gradient.values.count
            let largest = gradient.largest
            for place in stride(from: 0, to: count, by: count <= 4 * Self.places ? 1 : count / Self.places | 1) {
                let expected = derivative(input.name, along: unit(place, of: count))
                let error = abs(gradient.values[place] - expected)
                #expect(
                    error <= tolerance * max(largest, abs(expected)) + Self.noise,
                    "\(item.name): \(input.name)[\(place)]")
            }
            for number in 0..<Self.directions where count > 0 {
                let direction = (0..<count).map { ($0 * 37 + number * 11) % 64 < 32 ? 1.0 : -1.0 }
                let expected = derivative(input.name, along: direction)
                let found = zip(gradient.values, direction).reduce(0) { $0 + $1.0 * $1.1 }
                let error = abs(found - expected)
                #expect(
                    error <= tolerance * max(largest * Double(count).squareRoot(), abs(expected)) + Self.noise,
                    "\(item.name): \(input.name) in direction \(number)")
            }
        }
    }

    private func unit(_ place: Int, of count: Int) -> [Double] {
        var direction = [Double](repeating: 0, count: count)
        direction[place] = 1
        return direction
    }
}
