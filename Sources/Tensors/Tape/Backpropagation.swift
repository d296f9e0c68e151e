internal import Kernels

/// What an operation's backward pass works with.
struct Backpropagation {
    let tape: Tape
    /// The context of the forward pass, recording nothing.
    let context: ForwardContext

    /// Whether anybody wants the gradient of `x`.
    func wants(_ x: Tensor?) -> Bool { x.map { $0.origin != .constant } ?? false }

    /// Adds `gradient`, which others may hold, to that of `x`.
    func add(_ gradient: Tensor, to x: Tensor?) {
        guard let x, wants(x) else { return }
        guard tape.slot(of: x) != nil else { return tape.setSlot(of: x, to: gradient, isOwned: false) }
        add(to: x) { sum, _ in context.accumulate(gradient, into: sum) }
    }

    /// Adds a tensor that nobody else holds.
    func addOwned(_ gradient: Tensor, to x: Tensor?) {
        guard let x, wants(x) else { return }
        guard tape.slot(of: x) != nil else { return tape.setSlot(of: x, to: gradient, isOwned: true) }
        add(gradient, to: x)
    }

    /// Adds to the gradient of `x` in place.
    ///
    /// - Parameter fill: given the gradient's tensor, and whether it holds something to add to; if not, it must be filled.
    func add(to x: Tensor?, _ fill: (_ gradient: Tensor, _ accumulate: Bool) -> Void) {
        guard let x, wants(x) else { return }
        guard let slot = tape.slot(of: x) else {
            let gradient = context.tensor(x.shape)
            fill(gradient, false)
            return tape.setSlot(of: x, to: gradient, isOwned: true)
        }
        // In the shape in which this operation saw it.
        if slot.isOwned { return fill(slot.gradient.reshaped(x.shape), true) }
        let gradient = context.tensor(x.shape)
        gradient.floats.update(from: slot.gradient.floats, count: x.shape.count)
        fill(gradient, true)
        tape.setSlot(of: x, to: gradient, isOwned: true)
    }
}
