public import Files
internal import Synchronization

/// A record of the operations of one forward pass, from which it works out gradients backwards.
///
///     var context = ForwardContext()
///     let w = Tensor([1, 2], shape: Shape(2, 1)).asParameter
///     let tape = context.startTape()
///     let y = context.linear(x, .inputsByOutputs(w))
///     let gradients = try tape.gradients(of: context.sum(y), context: context)
///     gradients[w]                                              // x, summed over its rows
///
/// Who is done with a gradient takes it, as optimizers do: ``Gradients/take(_:)``.
///
/// Operations are recorded where something they take is a parameter or depends on one. Each keeps what its backward
/// pass needs and gives it back to the context's pool once that has run. A tape serves one backward pass; use it from
/// one thread at a time.
public final class Tape {
    private struct Node {
        let operation: Operation
        let shape: Shape
        var gradient: Tensor?
        /// Whether the gradient's buffer is nobody else's, so that more can be added to it in place.
        var isOwned = false
        var backward: ((Tensor, Backpropagation) -> Void)?
    }

    /// Where the parameters' gradients are summed up.
    public let gradients: Gradients
    let id: UInt32
    private var nodes: [Node] = []
    private var isSpent = false
    /// Whether it only follows what depends on what, and keeps nothing for a backward pass.
    let isDry: Bool
    /// The first thing that went wrong: the one that the backward pass throws.
    private(set) var failure: InputError?

    private static let lastID = Atomic<UInt32>(0)

    /// - Parameter gradients: where the parameters' gradients go, added to those that stand there.
    public convenience init(addingTo gradients: Gradients = Gradients()) {
        self.init(addingTo: gradients, isDry: false)
    }

    init(addingTo gradients: Gradients = Gradients(), isDry: Bool) {
        self.gradients = gradients
        self.isDry = isDry
        // Numbers come round after four billion tapes; 0 and the largest mean something else.
        let next = Self.lastID.wrappingAdd(1, ordering: .relaxed).newValue
        id = next % (UInt32.max - 1) + 1
    }

    /// The operations that were recorded, in order.
    public var operations: [Operation] { nodes.map(\.operation) }

    /// Whether gradients flow to `x`. A tensor of another tape, or of this one after its backward pass, is an error that
    /// ``gradients(of:seed:context:)`` throws.
    func follows(_ x: Tensor?) -> Bool {
        guard let x, x.origin != .constant else { return false }
        if x.origin == .parameter { return true }
        if x.origin.tape == id, !isSpent { return true }
        fail(
            x.origin.tape == id
                ? "a tensor of shape \(x.shape) is used after the backward pass of the tape that recorded it"
                : "a tensor of shape \(x.shape) was recorded by another tape",
            advice: "Make it again under this tape, or use its `asConstant`")
        return false
    }

    func fail(_ problem: String, advice: String) {
        fail(InputError(.usage, problem, advice: advice))
    }

    func fail(_ error: InputError) { failure = failure ?? error }

    func append(
        _ operation: Operation, shape: Shape, backward: @escaping (Tensor, Backpropagation) -> Void
    ) -> Origin {
        if isSpent {
            fail("a tape records after its backward pass", advice: "Start a new tape")
            return .constant
        }
        if isDry { return Origin(tape: id, node: 0) }
        nodes.append(Node(operation: operation, shape: shape, backward: backward))
        return Origin(tape: id, node: UInt32(nodes.count - 1))
    }

    /// `x`, which another tape recorded, as an input of this one; parameters and constants are the same to all tapes.
    ///
    /// - Parameter backward: takes its gradient.
    func input(_ x: Tensor, backward: @escaping (Tensor, Backpropagation) -> Void) -> Tensor {
        if x.origin == .constant || x.origin == .parameter { return x }
        return Tensor(buffer: x.buffer, shape: x.shape, origin: append(.recomputed, shape: x.shape, backward: backward))
    }

    /// Whether an operation that works gradients out on its way should do so for `x`.
    func wantsGradient(of x: Tensor?) -> Bool { follows(x) && !isDry }

    /// Works backwards from `output` and adds the gradients of all parameters that it depends on to ``gradients``.
    ///
    /// - Parameters:
    ///   - seed: the gradient of what is wanted with respect to `output`, in its shape; without it `output` must have
    ///     one element, which is what is wanted.
    ///   - context: whose threads and memory to use: the one that recorded.
    /// - Returns: ``gradients``.
    /// - Throws: ``InputError`` if `output` was not recorded by this tape, if the tape was used before, if a tensor of
    ///   another tape was mixed in, or if a gradient reaches what passes none on, as packed weights. Found out on the way,
    ///   the last leaves a part of the sums in ``gradients``.
    @discardableResult
    public func gradients(
        of output: Tensor, seed: Tensor? = nil, context: ForwardContext
    ) throws(InputError) -> Gradients {
        if let failure { throw failure }
        guard !isSpent else {
            throw InputError(
                .usage, "the tape's backward pass has run already, and what it had kept is gone",
                advice: "Record the forward pass again")
        }
        guard output.origin.tape == id || output.origin == .parameter else {
            throw InputError(
                .usage, "this tape did not record the tensor of shape \(output.shape)",
                advice: "Give it a tensor that depends on a parameter and was made under this tape")
        }
        guard seed != nil || output.shape.count == 1 else {
            throw InputError(
                .usage, "gradients of \(output.shape.count) numbers at once need to know how they are weighted",
                advice: "Sum them up first, or give a seed")
        }
        guard seed == nil || seed?.shape == output.shape else {
            throw InputError(
                .usage, "a seed of shape \(seed.map { "\($0.shape)" } ?? "") for an output of shape \(output.shape)",
                advice: "Give a seed of the output's shape")
        }
        isSpent = true
        let pass = Backpropagation(tape: self, context: context.withoutTape)
        pass.add((seed ?? Tensor([1], shape: output.shape)).asConstant, to: output)
        for index in nodes.indices.reversed() {
            // Taken out, so that what it kept goes back to the pool as soon as it has run.
            let backward = nodes[index].backward.take()
            guard let gradient = nodes[index].gradient.take() else { continue }
            backward?(gradient, pass)
        }
        nodes.removeAll()
        if let failure { throw failure }
        return gradients
    }

    // Where gradients stand while they are summed up.

    func slot(of x: Tensor) -> (gradient: Tensor, isOwned: Bool)? {
        if x.origin == .parameter { return gradients.entry(of: x).map { ($0.gradient, $0.isOwned) } }
        let node = nodes[Int(x.origin.node)]
        return node.gradient.map { ($0, node.isOwned) }
    }

    /// The gradient so far of a tensor that was made under this tape, which is forgotten here.
    func takeSlot(of x: Tensor) -> (gradient: Tensor, isOwned: Bool)? {
        guard x.origin.tape == id, let slot = slot(of: x) else { return nil }
        nodes[Int(x.origin.node)].gradient = nil
        return slot
    }

    func setSlot(of x: Tensor, to gradient: Tensor, isOwned: Bool) {
        if x.origin == .parameter {
            gradients.set(gradient.reshaped(x.shape), isOwned: isOwned, for: x)
        } else {
            let shape = nodes[Int(x.origin.node)].shape
            nodes[Int(x.origin.node)].gradient = gradient.reshaped(shape)
            nodes[Int(x.origin.node)].isOwned = isOwned
        }
    }
}

extension ForwardContext {
    /// Records what this context does from now on.
    public mutating func startTape(addingTo gradients: Gradients = Gradients()) -> Tape {
        let tape = Tape(addingTo: gradients)
        self.tape = tape
        return tape
    }

    /// Records no more.
    public mutating func endTape() { tape = nil }

    /// The same context, recording nothing.
    public var withoutTape: ForwardContext {
        var context = self
        context.tape = nil
        return context
    }

    /// `output` as a recorded tensor, if gradients flow to one of `inputs`.
    func record(
        _ operation: Operation, _ output: Tensor, from inputs: Tensor?...,
        backward: @escaping (Tensor, Backpropagation) -> Void
    ) -> Tensor {
        record(operation, output, from: inputs.compactMap(\.self), backward: backward)
    }

    func record(
        _ operation: Operation, _ output: Tensor, from inputs: [Tensor],
        backward: @escaping (Tensor, Backpropagation) -> Void
    ) -> Tensor {
        guard let tape else { return output }
        // Every input is looked at, so that a foreign one is found.
        let follows = inputs.map(tape.follows)
        guard follows.contains(true) else { return output }
        let origin = tape.append(operation, shape: output.shape, backward: backward)
        return Tensor(buffer: output.buffer, shape: output.shape, origin: origin)
    }
}
