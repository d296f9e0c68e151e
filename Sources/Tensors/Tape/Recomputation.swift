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
        guard let tape else { return body(x, self) }
        let start = dropout?.position
        let dry = Tape(isDry: true)
        var context = self
        context.tape = dry
        let y = body(dry.input(tape.follows(x) ? x : x.asConstant) { _, _ in }, context)
        let isFollowed = dry.follows(y)
        if let failure = dry.failure { tape.fail(failure) }
        guard isFollowed else { return y.asConstant }
        let origin = tape.append(.recomputed, shape: y.shape) { [context] dy, pass in
            var context = context
            let end = context.dropout?.position
            if let start { context.dropout?.position = start }
            let inner = context.startTape(addingTo: pass.tape.gradients)
            let output = body(inner.input(x) { dx, _ in pass.add(dx, to: x) }, context)
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
