public import Layers
internal import Tensors

/// Each row looks at its own position and those before it, through H heads side by side.
public struct CausalSelfAttention: Module {
    let layer: Int
    let heads: Int
    /// c_attn, [C, 3C]: queries, keys and values in one.
    public var projection: Linear
    /// c_proj, [C, C].
    public var output: Linear
    /// Factor on the scores.
    public let scale: Float
    /// The share of attention weights, and of the output's elements, that training drops.
    let dropout: (weights: Double, output: Double)

    func callAsFunction(
        _ x: Tensor, adding residual: Tensor, _ batch: ForwardBatch, _ context: ForwardContext
    ) -> Tensor {
        let projections = tapProjections(projection(x, context), context)  // [R, 3C]
        var found = attend(projections, batch, context)  // [R, C]
        if context.isTapped(.headOutputs, layer: layer) {
            let byHead = Shape(found.shape[0], heads, found.shape[1] / heads)
            found = context.tap(.headOutputs, layer: layer, found.reshaped(byHead)).reshaped(found.shape)
        }
        if context.isTapped(.attentionOutput, layer: layer) || context.drops(dropout.output) {
            let kept = context.dropout(output(found, context), rate: dropout.output)
            return context.add(context.tap(.attentionOutput, layer: layer, kept), residual)
        }
        return output(found, adding: residual, context)  // [R, C]
    }

    /// What each head finds, side by side, [R, C]: in caches where the batch has them, else in its own rows.
    private func attend(_ projections: Tensor, _ batch: ForwardBatch, _ context: ForwardContext) -> Tensor {
        if batch.isCached {
            context.storeKeysAndValues(projections, spans: batch.spans, layer: layer)
            return context.attention(projections, spans: batch.spans, layer: layer, scale: scale)
        }
        let channels = projections.shape[1] / 3
        return context.multiHeadAttention(
            queries: TensorColumns(projections, 0..<channels),
            keys: TensorColumns(projections, channels..<2 * channels),
            values: TensorColumns(projections, 2 * channels..<3 * channels), heads: heads, scale: scale,
            spans: batch.wholeSequences, mask: .causal, dropoutRate: dropout.weights)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("c_attn", &projection)
        visitor("c_proj", &output)
    }

    /// Shows queries, keys and values apart, [R, H, D] each, to whoever looks.
    private func tapProjections(_ projections: Tensor, _ context: ForwardContext) -> Tensor {
        guard context.taps != nil else { return projections }
        let sites: [TapPoint.Site] = [.query, .key, .value]
        guard sites.contains(where: { context.isTapped($0, layer: layer) }) else { return projections }
        let (rows, channels) = (projections.shape[0], projections.shape[1] / 3)
        let parts = sites.enumerated().map { i, site in
            let columns = context.columns(projections, i * channels..<(i + 1) * channels)
            return context.tap(site, layer: layer, columns.reshaped(Shape(rows, heads, channels / heads)))
        }
        return context.sideBySide(parts.map { $0.reshaped(Shape(rows, channels)) })
    }
}

