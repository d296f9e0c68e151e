internal import Checkpoints
package import Foundation
package import Layers
package import Tensors

/// Compositions of layers with what PyTorch gives for them in float64: outputs, and gradients of parameters and inputs.
///
/// Made by `Tests/LayersTests/Fixtures/parity.py`, which says what the files hold.
package struct ParityFixture<Settings: Decodable & Sendable>: Sendable {
    package let cases: [ParityCase<Settings>]

    private struct Listing: Decodable {
        struct Case: Decodable {
            let name: String
            let settings: Settings
            let inputs: [String: [Int]]
        }

        let seed: UInt64
        let cases: [Case]
    }

    /// - Parameter folder: holds NAME.json and NAME.safetensors.
    package init(_ name: String, in folder: URL) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let listing = try decoder.decode(
            Listing.self, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
        let file = try SafetensorsFile(path: folder.appendingPathComponent("\(name).safetensors").path)
        let stored = try Weights([file], place: name)
        cases = listing.cases.map { item in
            var expected: [String: [Float]] = [:]
            for path in stored.names where path.hasPrefix(item.name + "/") {
                guard let bytes = stored[path]?.bytes else { continue }
                expected[String(path.dropFirst(item.name.count + 1))] = stride(from: 0, to: bytes.count, by: 4).map {
                    bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
                }
            }
            return ParityCase(
                name: item.name, settings: item.settings, seed: listing.seed, inputs: item.inputs, expected: expected)
        }
    }
}

/// One composition.
package struct ParityCase<Settings: Decodable & Sendable>: Sendable, CustomStringConvertible {
    package let name: String
    package let settings: Settings
    fileprivate let seed: UInt64
    fileprivate let inputs: [String: [Int]]
    fileprivate let expected: [String: [Float]]

    package var description: String { name }

    /// The numbers that parity.py has under that name.
    package func counted(_ name: String, _ shape: Shape, scale: Float? = nil) -> Tensor {
        var values = [Float](repeating: 0, count: shape.count)
        let rule = scale.map { CounterWeights.Rule(offset: 0, scale: $0) } ?? Self.rule(name, shape)
        values.withUnsafeMutableBufferPointer { CounterWeights.fill($0, name: name, seed: seed, rule: rule) }
        return Tensor(values, shape: shape)
    }

    private static func rule(_ name: String, _ shape: Shape) -> CounterWeights.Rule {
        if shape.rank == 1 {
            let isGain = name.contains("norm") && name.hasSuffix("weight")
            return CounterWeights.Rule(offset: isGain ? 1 : 0, scale: isGain ? 0.5 : 0.25)
        }
        if name.hasPrefix("input.") || name == "weights" { return CounterWeights.Rule(offset: 0, scale: 1) }
        let scale = exp2(log2(1.5 / Double(shape[-1]).squareRoot()).rounded(.toNearestOrEven))
        return CounterWeights.Rule(offset: 0, scale: Float(scale))
    }

    /// The case's input of that name.
    package func input(_ name: String) throws -> Tensor {
        guard let sizes = inputs[name], let shape = Shape(sizes) else { throw CocoaError(.coderValueNotFound) }
        return counted("input.\(name)", shape)
    }

    /// Gives the module PyTorch's parameters, runs it, and says where output or gradients are not PyTorch's: by more than
    /// 1e-5 of the largest output, or 1e-4 of a gradient's largest element.
    ///
    /// - Parameter forward: the module's output for the case's inputs.
    package func differences<M: Module>(
        _ module: M, forward: (M, _ inputs: [String: Tensor], ForwardContext) throws -> Tensor
    ) throws -> [String] {
        var module = module
        module.updateParameters { path, parameter in parameter = counted(path, parameter.shape).asParameter }
        var tensors: [String: Tensor] = [:]
        for name in inputs.keys { tensors[name] = try input(name).asParameter }
        var context = ForwardContext()
        let tape = context.startTape()
        let output = try forward(module, tensors, context)
        guard let wanted = expected["output"] else { throw CocoaError(.coderValueNotFound) }
        var differences = compare("output", output.values, wanted, tolerance: 1e-5)
        if !differences.isEmpty { return differences }
        let gradients = try tape.gradients(of: output, seed: counted("weights", output.shape), context: context)

        let named = module.parameters.map { ($0.path, $0.tensor) } + tensors.map { ("input.\($0.key)", $0.value) }
        let known = Set(named.map { "gradient/\($0.0)" })
        differences += Set(expected.keys).subtracting(known).subtracting(["output"]).map { "\($0) is PyTorch's alone" }
        // A bias of keys has no influence, so its gradient is but the rounding of others: of float64 there, float32 here.
        let largest = expected.filter { $0.key != "output" }.values.joined().reduce(0) { max($0, abs($1)) }
        for (path, tensor) in named {
            guard let wanted = expected["gradient/\(path)"] else {
                differences.append("\(path) is ours alone")
                continue
            }
            let found = gradients[tensor]?.values ?? [Float](repeating: 0, count: tensor.shape.count)
            differences += compare(path, found, wanted, tolerance: 1e-4, largestOfAll: largest)
        }
        return differences
    }

    private func compare(
        _ name: String, _ found: [Float], _ wanted: [Float], tolerance: Float, largestOfAll: Float = 0
    ) -> [String] {
        guard found.count == wanted.count else {
            return ["\(name) has \(found.count) elements and should have \(wanted.count)"]
        }
        let largest = wanted.reduce(0) { max($0, abs($1)) }
        let error = largestDifference(found, wanted)
        let isZero = largest <= largestOfAll * 1e-10
        let allowed = isZero ? largestOfAll * 1e-6 : largest * tolerance
        return error <= Double(allowed) ? [] : ["\(name) is off by \(error) where the largest is \(largest)"]
    }
}
