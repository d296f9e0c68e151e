public import Tensors

/// H attention heads side by side, softmax(q kᵀ / √D) v each, with projections before and after them (Vaswani et al.,
/// arXiv:1706.03762, section 3.2.2; PyTorch's `MultiheadAttention`).
///
/// Heads share out the channels, not the sequence: queries, keys and values of C channels are projected from what comes
/// in, head h has D = C / H of them, and what the heads find lies side by side again.
///
///     let y = attention(x, mask: .causal, context)                // each position looks at those up to its own
///     let z = attention(y, memory: encoded, context)              // and at another sequence
public struct MultiHeadAttention: Module {
    /// To queries, keys and values side by side, C to 3C.
    public var projection: Linear
    /// From what the heads found, C to C.
    public var output: Linear
    /// H.
    public let heads: Int
    /// Factor on the scores.
    public let scale: Float
    /// Of the attention weights.
    public let dropout: Dropout
    /// Of the output, before it is added to a residual.
    public let outputDropout: Dropout

    /// - Parameter scale: 1/√D where it is nil.
    public init(
        projection: Linear, output: Linear, heads: Int, scale: Float? = nil, dropout: Double = 0,
        outputDropout: Double = 0
    ) {
        let channels = output.weight.inputs
        precondition(channels.isMultiple(of: heads), "\(heads) heads do not divide \(channels) channels")
        precondition(projection.weight.outputs == 3 * channels, "queries, keys and values take 3 x \(channels) outputs")
        self.projection = projection
        self.output = output
        self.heads = heads
        self.scale = scale ?? 1 / Float(channels / heads).squareRoot()
        self.dropout = Dropout(dropout)
        self.outputDropout = Dropout(outputDropout)
    }

    /// With fresh weights as PyTorch starts them: Glorot's for queries, keys and values, a ``Linear``'s for the output, all
    /// biases 0.
    ///
    /// - Parameter heads: a divisor of the channels.
    public init(
        _ channels: Int, heads: Int, bias: Bool = true, dropout: Double = 0, outputDropout: Double = 0,
        using generator: inout WeightGenerator
    ) {
        let projection = Linear(
            weight: .outputsByInputs(generator.glorotUniform(3 * channels, channels)),
            bias: bias ? .parameter(0, count: 3 * channels) : nil)
        var output = Linear(channels, channels, bias: false, using: &generator)
        if bias { output.bias = .parameter(0, count: channels) }
        self.init(
            projection: projection, output: output, heads: heads, dropout: dropout, outputDropout: outputDropout)
    }

    /// C.
    public var channels: Int { output.weight.inputs }

    /// Self-attention: each sequence looks at itself.
    ///
    /// - Parameters:
    ///   - x: [B, T, C] or [T, C].
    ///   - residual: added to the result, in its shape.
    ///   - layer: the block's number, for taps.
    /// - Returns: the shape of `x`.
    public func callAsFunction(
        _ x: Tensor, mask: AttentionMask = .none, adding residual: Tensor? = nil, layer: Int? = nil,
        _ context: ForwardContext
    ) -> Tensor {
        let spans = AttentionSpan.sequences(queries: x.shape, keys: x.shape)
        return self(x, sequences: spans, mask: mask, adding: residual, layer: layer, context)
    }

    /// Self-attention of sequences of different lengths.
    ///
    /// - Parameters:
    ///   - x: their rows one after another, [R, C].
    ///   - spans: which rows are whose.
    /// - Returns: the shape of `x`.
    public func callAsFunction(
        _ x: Tensor, sequences spans: [AttentionSpan], mask: AttentionMask = .none, adding residual: Tensor? = nil,
        layer: Int? = nil, _ context: ForwardContext
    ) -> Tensor {
        let heads = attentionHeads(layer: layer)
        let found = heads.attend(AttentionParts(sideBySide: project(x, heads, context)), spans, mask, context)
        return heads.finish(found, output, dropout: outputDropout, adding: residual, context)
    }

    /// Causal self-attention of new rows and of those that came before, whose keys and values are in caches; those of the
    /// new rows are stored there too.
    ///
    /// - Parameters:
    ///   - x: the new rows of all sequences, [R, C].
    ///   - rows: those to look with, where not all, in ascending order.
    ///   - residual: added to the result, in its shape.
    ///   - layer: the block's number, in the caches and for taps.
    /// - Returns: [rows to look with, C]; the same bits as without caches, if these hold floats.
    public func callAsFunction(
        _ x: Tensor, caches spans: [SequenceSpan], rows: [Int32]? = nil, adding residual: Tensor? = nil, layer: Int,
        _ context: ForwardContext
    ) -> Tensor {
        let heads = attentionHeads(layer: layer)
        var (projected, spans) = (project(x, heads, context), spans)
        context.storeKeysAndValues(projected, spans: spans, layer: layer)
        if let rows {
            projected = context.gather(rows, projected)
            spans = SequenceSpan.only(rows, of: spans)
        }
        let found = context.attention(projected, spans: spans, layer: layer, scale: scale)
        return heads.finish(found, output, dropout: outputDropout, adding: residual, context)
    }

    /// Cross-attention: each sequence looks at another one, as a decoder does at what the encoder made.
    ///
    /// - Parameters:
    ///   - x: where queries come from, [B, Tq, C] or [Tq, C].
    ///   - memory: where keys and values come from, [B, Tk, C] or [Tk, C].
    /// - Returns: the shape of `x`.
    public func callAsFunction(
        _ x: Tensor, memory: Tensor, mask: AttentionMask = .none, adding residual: Tensor? = nil, layer: Int? = nil,
        _ context: ForwardContext
    ) -> Tensor {
        self(query: x, key: memory, value: memory, mask: mask, adding: residual, layer: layer, context)
    }

    /// Attention whose queries, keys and values come from three places.
    ///
    /// - Parameters:
    ///   - query: [B, Tq, C] or [Tq, C].
    ///   - key, value: [B, Tk, C] or [Tk, C].
    /// - Returns: the shape of `query`.
    public func callAsFunction(
        query: Tensor, key: Tensor, value: Tensor, mask: AttentionMask = .none, adding residual: Tensor? = nil,
        layer: Int? = nil, _ context: ForwardContext
    ) -> Tensor {
        let heads = attentionHeads(layer: layer, isCross: true)
        let spans = AttentionSpan.sequences(queries: query.shape, keys: key.shape)
        let found = heads.attend(project(query, key, value, heads, context), spans, mask, context)
        return heads.finish(found, output, dropout: outputDropout, adding: residual, context)
    }

    /// The same with the weights with which each query looks at each key, head by head; no gradients flow through these.
    ///
    /// - Returns: the output in the shape of `query`, and the weights as they meet the values, [B, H, Tq, Tk]: before
    ///   dropout each row sums to one, or to zero where all keys are masked.
    public func withWeights(
        query: Tensor, key: Tensor, value: Tensor, mask: AttentionMask = .none, _ context: ForwardContext
    ) -> (output: Tensor, weights: Tensor) {
        let heads = attentionHeads(layer: nil, isCross: true)
        let (found, weights) = heads.attendWithWeights(
            project(query, key, value, heads, context), queries: query.shape, keys: key.shape, mask, context)
        return (heads.finish(found, output, dropout: outputDropout, adding: nil, context), weights)
    }

    private func attentionHeads(layer: Int?, isCross: Bool = false) -> AttentionHeads {
        AttentionHeads(count: heads, scale: scale, dropout: dropout, layer: layer, isCross: isCross)
    }

    /// Queries, keys and values of the same rows, [..., 3C].
    private func project(_ x: Tensor, _ heads: AttentionHeads, _ context: ForwardContext) -> Tensor {
        let projected = projection(x, context)
        let sites: [TapPoint.Site] = [.query, .key, .value]
        guard context.taps != nil, sites.contains(where: { context.isTapped($0, layer: heads.layer) }) else {
            return projected
        }
        let parts = sites.enumerated().map { i, site in
            heads.tap(site, context.columns(projected, i * channels..<(i + 1) * channels), context)
        }
        return context.sideBySide(parts).reshaped(projected.shape)
    }

    private func project(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, _ heads: AttentionHeads, _ context: ForwardContext
    ) -> AttentionParts {
        func part(_ site: TapPoint.Site, _ index: Int, _ x: Tensor) -> Tensor {
            heads.tap(site, projection.outputs(index * channels..<(index + 1) * channels, of: x, context), context)
        }
        let isTapped = [.key, .value].contains { context.isTapped($0, layer: heads.layer, isCross: heads.isCross) }
        if key.isSame(as: value) && !isTapped {
            let both = projection.outputs(channels..<3 * channels, of: key, context)
            return AttentionParts(queries: part(.query, 0, query), keysAndValues: both)
        }
        return AttentionParts(
            queries: part(.query, 0, query), keys: part(.key, 1, key), values: part(.value, 2, value))
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("in_proj_weight", &projection.weight)
        visitor("in_proj_bias", &projection.bias)
        visitor("in_proj", &projection.adapter)
        visitor("out_proj", &output)
    }
}
