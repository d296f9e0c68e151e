internal import Files

extension ForwardContext {
    /// Runs `body` and keeps nothing of what it makes but its result: the backward pass runs it again.
    ///
    /// Trades about one more forward pass for the memory of the activations inside (Chen et al., "Training deep nets with
    /// sublinear memory cost", arXiv:1604.06174). Gradients are the same bits as without it.
    ///
    /// - Parameters:
    ///   - x: what `body` depends on besides parameters.
    ///   - body: must do the same whenever it is called with the same tensor.
    public func recomputed(
        _ x: Tensor, _ body: @escaping (Tensor, ForwardContext) -> Tensor
    ) -> Tensor {
        guard let tape else { return body(x, self) }
        _ = tape.follows(x)
        let start = dropout?.position
        let y = body(x.asConstant, withoutTape)
        let context = self
        let origin = tape.append(.recomputed, shape: y.shape) { dy, pass in
            var context = context.withoutTape
            let end = context.dropout?.position
            if let start { context.dropout?.position = start }
            let inner = context.startTape(addingTo: pass.tape.gradients)
            let input = x.origin == .constant ? x : x.asParameter
            let output = body(input, context)
            do throws(InputError) {
                try inner.gradients(of: output, seed: dy, context: context)
            } catch {
                pass.tape.fail(error)
            }
            if let end { context.dropout?.position = end }
            guard x.origin != .constant, x.origin != .parameter, let dx = inner.gradients.take(input) else { return }
            pass.addOwned(dx, to: x)
        }
        return Tensor(buffer: y.buffer, shape: y.shape, origin: origin)
    }
}
