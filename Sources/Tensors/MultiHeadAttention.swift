internal import Kernels
internal import Runtime

extension ForwardContext {
    /// Scaled dot-product attention with H heads side by side, softmax(q kᵀ scale + mask) v (Vaswani et al.,
    /// arXiv:1706.03762, section 3.2), of sequences that are given as a whole.
    ///
    /// The arithmetic is that of ``attention(_:spans:layer:scale:)``, which reads keys and values from caches: causal
    /// self-attention gives the same bits where these hold floats. Works on strips of 32 queries, forwards and backwards; the backward pass makes
    /// the weights again. A query all of whose keys are masked finds zeros, as does one of no sequence.
    ///
    /// - Parameters:
    ///   - queries: [Rq, H D], keys and values: [Rk, H D].
    ///   - spans: which rows belong to which sequence.
    ///   - dropoutRate: of the attention weights, where the context drops anything.
    ///   - pattern: shown the attention weights of each sequence in turn, [H, queries, keys], after dropout; what it
    ///     returns takes their place. Gradients do not flow through weights that it makes.
    /// - Returns: [Rq, H D].
    public func multiHeadAttention(
        queries: TensorColumns, keys: TensorColumns, values: TensorColumns, heads: Int, scale: Float,
        spans: [AttentionSpan], mask: AttentionMask = .none, dropoutRate: Double = 0,
        pattern: ((Tensor) -> Tensor)? = nil
    ) -> Tensor {
        let channels = queries.range.count
        precondition(heads > 0 && channels.isMultiple(of: heads), "\(heads) heads do not divide \(channels) channels")
        precondition(
            keys.range.count == channels && values.range.count == channels,
            "queries of \(channels) channels, keys of \(keys.range.count), values of \(values.range.count)")
        mask.check(spans: spans, heads: heads, keys: keys.tensor.rows)
        AttentionSpan.check(
            spans, queries: queries.tensor.rows, keys: min(keys.tensor.rows, values.tensor.rows))
        if let tape, [mask.keyPadding, mask.additive].contains(where: tape.follows) {
            tape.fail("no gradients flow into an attention mask", advice: "Give the mask's `asConstant`")
        }
        let output = tensor(queries.tensor.shape.withLast(channels))
        if spans.reduce(0, { $0 + $1.queries.count }) < output.rows {
            output.floats.update(repeating: 0, count: output.shape.count)
        }
        var core = AttentionCore(
            queries: queries, keys: keys, values: values, heads: heads, scale: scale, spans: spans, mask: mask,
            kernels: kernels)
        if let dropout, dropoutRate > 0 {
            core.dropout = DropoutMask(rate: dropoutRate, seed: dropout.seed, stream: dropout.next())
            core.firstRow = dropout.firstRow(of: queries.tensor.rows)
        }
        let scratch = tensor(Shape(team.threads, core.forwardScratch))
        var task = AttentionForwardTask(core: core, output: output, scratch: scratch)
        if let pattern {
            let weights = tensor(Shape(core.weightCount))
            task.weights = weights
            task.phase = .weights
            team.run(task, operations: core.operations)
            core.isReplaced = show(weights, of: core, to: pattern)
            if core.isReplaced.contains(true) { core.shownWeights = weights }
            task.core = core
            task.phase = .values
        }
        team.run(task, operations: core.operations)
        if tape == nil { return output }
        return record(.multiHeadAttention, output, from: [queries.tensor, keys.tensor, values.tensor]) { dy, pass in
            pass.addAttention(core, gradient: dy)
        }
    }

    /// Shows each sequence's weights and puts back what was made of them; says of which sequences anything was.
    private func show(_ weights: Tensor, of core: AttentionCore, to pattern: (Tensor) -> Tensor) -> [Bool] {
        var start = 0
        return core.spans.map { span in
            let shown = tensor(Shape(core.heads, span.queries.count, span.keys.count))
            shown.floats.update(from: weights.floats + start, count: shown.shape.count)
            let result = pattern(shown)
            precondition(result.shape == shown.shape, "attention weights of \(result.shape) for \(shown.shape)")
            let isReplaced = result.buffer !== shown.buffer
            if isReplaced { (weights.floats + start).update(from: result.floats, count: shown.shape.count) }
            start += shown.shape.count
            return isReplaced
        }
    }
}

extension Backpropagation {
    /// What attention passes back to queries, keys and values: to one tensor what lies side by side in it.
    fileprivate func addAttention(_ core: AttentionCore, gradient dy: Tensor) {
        let (queries, keys, values) = (core.queries, core.keys, core.values)
        func zeros(_ columns: TensorColumns) -> Tensor {
            let gradient = context.tensor(columns.tensor.shape)
            gradient.floats.update(repeating: 0, count: gradient.shape.count)
            return gradient
        }
        func areSideBySide(_ a: TensorColumns, _ b: TensorColumns) -> Bool {
            a.tensor.isSame(as: b.tensor) && !a.range.overlaps(b.range)
        }
        let pairShares = areSideBySide(keys, values)
        let allShare = pairShares && areSideBySide(queries, keys) && areSideBySide(queries, values)
        let dq = zeros(queries)
        let dk = allShare ? dq : zeros(keys)
        let dv = pairShares ? dk : zeros(values)
        let scratch = context.tensor(Shape(context.team.threads, core.backwardScratch))
        context.team.run(
            AttentionBackwardTask(
                core: core, dy: dy, dq: TensorColumns(dq, queries.range), dk: TensorColumns(dk, keys.range),
                dv: TensorColumns(dv, values.range), scratch: scratch),
            operations: core.operations * 3)
        addOwned(dq, to: queries.tensor)
        if !allShare { addOwned(dk, to: keys.tensor) }
        if !pairShares { addOwned(dv, to: values.tensor) }
    }
}
