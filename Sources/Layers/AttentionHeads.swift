internal import Tensors

/// What the heads of one attention do between the projections before and after them, in sight of whoever looks.
struct AttentionHeads {
    /// H.
    let count: Int
    /// Factor on the scores.
    let scale: Float
    /// Of the attention weights.
    var dropout = Dropout(0)
    /// Where taps find it.
    var layer: Int?
    var isCross = false

    /// Shows [..., C] as [R, H, D] to whoever looks.
    func tap(_ site: TapPoint.Site, _ x: Tensor, _ context: ForwardContext) -> Tensor {
        guard context.isTapped(site, layer: layer, isCross: isCross) else { return x }
        let byHead = x.reshaped(Shape(x.rows, count, x.shape[-1] / count))
        return context.tap(site, layer: layer, isCross: isCross, byHead).reshaped(x.shape)
    }

    /// What each head finds, side by side.
    ///
    /// - Parameter weights: shown each sequence's in turn.
    func attend(
        _ parts: AttentionParts, _ spans: [AttentionSpan], _ mask: AttentionMask, _ context: ForwardContext,
        weights: ((Tensor) -> Void)? = nil
    ) -> Tensor {
        var pattern: ((Tensor) -> Tensor)?
        if weights != nil || context.isTapped(.attentionPattern, layer: layer, isCross: isCross) {
            pattern = { found in
                let tapped = context.tap(.attentionPattern, layer: layer, isCross: isCross, found)
                weights?(tapped)
                return tapped
            }
        }
        return context.multiHeadAttention(
            queries: parts.queries, keys: parts.keys, values: parts.values, heads: count, scale: scale, spans: spans,
            mask: mask, dropoutRate: dropout.rate, pattern: pattern)
    }

    /// The same of sequences of Tq queries and Tk keys each, and the weights, [B, H, Tq, Tk].
    func attendWithWeights(
        _ parts: AttentionParts, queries: Shape, keys: Shape, _ mask: AttentionMask, _ context: ForwardContext
    ) -> (found: Tensor, weights: Tensor) {
        let spans = AttentionSpan.sequences(queries: queries, keys: keys)
        var weights: [Float] = []
        let found = attend(parts, spans, mask, context) { weights += $0.values }
        let shape = Shape(spans.count, count, queries.sequences.length, keys.sequences.length)
        return (found, Tensor(weights, shape: shape))
    }

    /// The output projection of what the heads found, and the residual.
    func finish(
        _ found: Tensor, _ output: Linear, dropout: Dropout = Dropout(0), adding residual: Tensor?,
        _ context: ForwardContext
    ) -> Tensor {
        let found = tap(.headOutputs, found, context)
        let isTapped = context.isTapped(.attentionOutput, layer: layer, isCross: isCross)
        // One pass over memory, unless something stands between the product and the sum.
        if !isTapped && !context.drops(dropout.rate) { return output(found, adding: residual, context) }
        let kept = dropout(output(found, context), context)
        let y = context.tap(.attentionOutput, layer: layer, isCross: isCross, kept)
        return residual.map { context.add(y, $0) } ?? y
    }
}

/// Where the queries, keys and values of an attention lie.
struct AttentionParts {
    let queries: TensorColumns
    let keys: TensorColumns
    let values: TensorColumns

    init(queries: Tensor, keys: Tensor, values: Tensor) {
        self.queries = TensorColumns(queries)
        self.keys = TensorColumns(keys)
        self.values = TensorColumns(values)
    }

    /// Keys and values side by side in one tensor of 2C columns.
    init(queries: Tensor, keysAndValues: Tensor) {
        let channels = queries.shape[-1]
        self.queries = TensorColumns(queries)
        keys = TensorColumns(keysAndValues, 0..<channels)
        values = TensorColumns(keysAndValues, channels..<2 * channels)
    }

    /// Side by side in one tensor of 3C columns.
    init(sideBySide tensor: Tensor) {
        let channels = tensor.shape[-1] / 3
        queries = TensorColumns(tensor, 0..<channels)
        keys = TensorColumns(tensor, channels..<2 * channels)
        values = TensorColumns(tensor, 2 * channels..<3 * channels)
    }
}
