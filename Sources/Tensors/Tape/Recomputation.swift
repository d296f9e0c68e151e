internal import Files

extension ForwardContext {
    /// Runs `body` and keeps nothing of what it makes but its result: the backward pass runs it again.
    ///
    /// Trades about one more forward pass for the memory of the activations inside (Chen et al., "Training deep nets with
    /// sublinear memory cost", arXiv:1604.06174). Gradients are the same bits as without it. Taps inside are called both
    /// times.
    ///
    /// - Parameters:
    ///   - x: what `body` depends on besides parameters and constants. Another recorded tensor inside is an error that
    ///     the tape throws.
    ///   - body: must do the same whenever it is called with the same tensor.
    public func recomputed(
        _ x: Tensor, _ body: @escaping (Tensor, ForwardContext) -> Tensor
    ) -> Tensor {
        recomputed([x]) { body($0[0], $1) }
    }

    /// ``recomputed(_:_:)`` of several tensors, as of a decoder's layer that reads a memory too.
    ///
    /// - Parameter inputs: all that `body` depends on besides parameters and constants; it is given as many.
    public func recomputed(
        _ inputs: [Tensor], _ body: @escaping ([Tensor], ForwardContext) -> Tensor
    ) -> Tensor {
        guard let tape else { return body(inputs, self) }
        let start = dropout?.position
        let dry = Tape(isDry: true)
        var context = self
        context.tape = dry
        let y = body(inputs.map { dry.input(tape.follows($0) ? $0 : $0.asConstant) { _, _ in } }, context)
        let isFollowed = dry.follows(y)
        if let failure = dry.failure { tape.fail(failure) }
        guard isFollowed else { return y.asConstant }
        let origin = tape.append(.recomputed, shape: y.shape) { [context] dy, pass in
            var context = context
            let end = context.dropout?.position
            if let start { context.dropout?.position = start }
            let inner = context.startTape(addingTo: pass.tape.gradients)
            let output = body(inner.inputs(inputs, of: pass), context)
            do throws(InputError) {
                try inner.gradients(of: output, seed: dy, context: context)
            } catch {
                pass.tape.fail(error)
            }
            if let end { context.dropout?.position = end }
        }
        return Tensor(buffer: y.buffer, shape: y.shape, origin: origin)
    }
}

extension Tape {
    /// What an outer tape recorded, as inputs of this one, which hand their gradients back to it.
    ///
    /// They begin with the gradients that stand there already, so that all are added up in the order in which the outer tape
    /// alone would add them.
    fileprivate func inputs(_ tensors: [Tensor], of pass: Backpropagation) -> [Tensor] {
        var made: [(outer: Origin, inner: Tensor)] = []
        return tensors.map { x in
            // The same tensor twice has one gradient.
            if let same = made.first(where: { $0.outer == x.origin && $0.inner.isIdentical(to: x) }) {
                return same.inner.reshaped(x.shape)
            }
            let inner = input(x) { dx, _ in pass.add(dx, to: x) }
            if let slot = pass.tape.takeSlot(of: x) { setSlot(of: inner, to: slot.gradient, isOwned: slot.isOwned) }
            made.append((x.origin, inner))
            return inner
        }
    }
}
