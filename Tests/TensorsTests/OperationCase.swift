import Files
import Tensors
import TestSupport
import Testing

/// One operation on inputs of some shapes: what the checks of operations run.
struct OperationCase: Sendable, CustomTestStringConvertible {
    /// A tensor of numbers that depend on its name only, here and in Fixtures/make_operations.py.
    struct Input: Sendable {
        let name: String
        let shape: Shape
        let rule: CounterWeights.Rule

        /// Uniform in offset ± scale.
        init(_ name: String, _ sizes: Int..., offset: Float = 0, scale: Float = 1) {
            self.init(name, of: Shape(sizes) ?? Shape(0), offset: offset, scale: scale)
        }

        init(_ name: String, of shape: Shape, offset: Float = 0, scale: Float = 1) {
            self.name = name
            self.shape = shape
            rule = CounterWeights.Rule(offset: offset, scale: scale)
        }
    }

    let operation: Tensors.Operation
    /// The operation's name, and what is special about the case.
    let name: String
    let inputs: [Input]
    let forward: @Sendable (Named<Tensor>, ForwardContext) -> Tensor
    /// The same in double precision.
    let twin: @Sendable (Named<Numbers>) -> Numbers

    init(
        _ operation: Tensors.Operation, _ variant: String = "", inputs: [Input],
        forward: @escaping @Sendable (Named<Tensor>, ForwardContext) -> Tensor,
        twin: @escaping @Sendable (Named<Numbers>) -> Numbers
    ) {
        self.operation = operation
        name = operation.rawValue + (variant.isEmpty ? "" : ": " + variant)
        self.inputs = inputs
        self.forward = forward
        self.twin = twin
    }

    var testDescription: String { name }

    /// The inputs as parameters.
    func tensors() -> Named<Tensor> {
        Named(
            Dictionary(
                uniqueKeysWithValues: inputs.map { input in
                    (input.name, counted(input.name, input.shape, input.rule).asParameter)
                }))
    }

    /// What the gradient of each element of the output is.
    func seed(_ shape: Shape) -> Tensor { counted("seed", shape, CounterWeights.Rule(offset: 0, scale: 1)) }

    private func counted(_ part: String, _ shape: Shape, _ rule: CounterWeights.Rule) -> Tensor {
        var values = [Float](repeating: 0, count: shape.count)
        values.withUnsafeMutableBufferPointer {
            CounterWeights.fill($0, name: "\(name)/\(part)", seed: 11, rule: rule)
        }
        return Tensor(values, shape: shape)
    }

    /// What an operation gives and passes back.
    struct Outcome {
        let output: Tensor
        /// By input.
        let gradients: [String: Tensor]
        let operations: [Tensors.Operation]
    }

    /// Runs the operation under a tape. Dropout, where there is any, is that of `Reference.Dropout`.
    func run(_ context: ForwardContext = ForwardContext()) throws -> Outcome {
        var context = context
        context.dropout = DropoutStream(seed: 7, step: 3)
        let tensors = tensors()
        let tape = context.startTape()
        let output = forward(tensors, context)
        let operations = tape.operations
        let gradients = try tape.gradients(of: output, seed: seed(output.shape), context: context)
        return Outcome(
            output: output,
            gradients: try Dictionary(
                uniqueKeysWithValues: inputs.map { input in
                    (input.name, try #require(gradients[tensors[input.name]], "no gradient of \(input.name)"))
                }), operations: operations)
    }
}

/// Values by name: `inputs.weight`.
@dynamicMemberLookup
struct Named<Value> {
    var values: [String: Value]

    init(_ values: [String: Value]) { self.values = values }

    subscript(name: String) -> Value {
        get {
            guard let value = values[name] else { preconditionFailure("nothing is called \(name)") }
            return value
        }
        set { values[name] = newValue }
    }

    subscript(dynamicMember name: String) -> Value { self[name] }
}

extension Named: Sendable where Value: Sendable {}

extension OperationCase {
    /// Every check of an operation.
    static let all =
        linear + elementwise + norms + attention + attentionMasks + gathering + losses + random
}
