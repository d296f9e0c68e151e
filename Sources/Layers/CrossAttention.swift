public import Tensors

/// Attention to keys and values that are wider or narrower than the queries, as of an encoder of another width (PyTorch's
/// `MultiheadAttention` with `kdim` and `vdim`, whose state dictionary it loads). ``MultiHeadAttention`` is for one width.
public struct CrossAttention: Module {
    /// To queries from C channels; to keys from K and to values from M; all to C.
    public var query: Weight
    public var key: Weight
    public var value: Weight
    /// Of queries, keys and values, [3C], or nil.
    public var bias: Tensor?
    /// From what the heads found, C to C.
    public var output: Linear
    /// H.
    public let heads: Int
    /// Of the attention weights.
    public let dropout: Dropout

    /// With fresh weights as PyTorch starts them: Glorot's for queries, keys and values, a ``Linear``'s for the output, all
    /// biases 0.
    ///
    /// - Parameters:
    ///   - channels: C, the queries' and the output's.
    ///   - keyChannels: K.
    ///   - valueChannels: M.
    ///   - heads: a divisor of the channels.
    public init(
        _ channels: Int, keyChannels: Int, valueChannels: Int, heads: Int, bias: Bool = true, dropout: Double = 0,
        using generator: inout WeightGenerator
    ) {
        precondition(channels.isMultiple(of: heads), "\(heads) heads do not divide \(channels) channels")
        query = .outputsByInputs(generator.glorotUniform(channels, channels))
        key = .outputsByInputs(generator.glorotUniform(channels, keyChannels))
        value = .outputsByInputs(generator.glorotUniform(channels, valueChannels))
        self.bias = bias ? .parameter(0, count: 3 * channels) : nil
        output = Linear(channels, channels, bias: false, using: &generator)
        if bias { output.bias = .parameter(0, count: channels) }
        self.heads = heads
        self.dropout = Dropout(dropout)
    }

    /// - Parameters:
    ///   - query: [B, Tq, C] or [Tq, C].
    ///   - key: [B, Tk, K] or [Tk, K].
    ///   - value: [B, Tk, M] or [Tk, M].
    ///   - residual: added to the result, in its shape.
    ///   - layer: the block's number, for taps, which are `isCross`.
    /// - Returns: the shape of `query`.
    public func callAsFunction(
        query: Tensor, key: Tensor, value: Tensor, mask: AttentionMask = .none, adding residual: Tensor? = nil,
        layer: Int? = nil, _ context: ForwardContext
    ) -> Tensor {
        let heads = attentionHeads(layer: layer)
        let spans = AttentionSpan.sequences(queries: query.shape, keys: key.shape)
        let found = heads.attend(project(query, key, value, heads, context), spans, mask, context)
        return heads.finish(found, output, adding: residual, context)
    }

    /// The same with the weights, as ``MultiHeadAttention/withWeights(query:key:value:mask:_:)`` gives them.
    ///
    /// - Returns: the output in the shape of `query`, and the weights, [B, H, Tq, Tk].
    public func withWeights(
        query: Tensor, key: Tensor, value: Tensor, mask: AttentionMask = .none, _ context: ForwardContext
    ) -> (output: Tensor, weights: Tensor) {
        let heads = attentionHeads(layer: nil)
        let (found, weights) = heads.attendWithWeights(
            project(query, key, value, heads, context), queries: query.shape, keys: key.shape, mask, context)
        return (heads.finish(found, output, adding: nil, context), weights)
    }

    private func attentionHeads(layer: Int?) -> AttentionHeads {
        let size = output.weight.inputs / heads
        return AttentionHeads(
            count: heads, scale: 1 / Float(size).squareRoot(), dropout: dropout, layer: layer, isCross: true)
    }

    private func project(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, _ heads: AttentionHeads, _ context: ForwardContext
    ) -> AttentionParts {
        let channels = output.weight.inputs
        func part(_ site: TapPoint.Site, _ index: Int, _ x: Tensor, _ weight: Weight) -> Tensor {
            let range = index * channels..<(index + 1) * channels
            let projected = context.linear(x, weight, bias: bias.map { context.columns($0, range) })
            return heads.tap(site, projected, context)
        }
        return AttentionParts(
            queries: part(.query, 0, query, self.query), keys: part(.key, 1, key, self.key),
            values: part(.value, 2, value, self.value))
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("q_proj_weight", &query)
        visitor("k_proj_weight", &key)
        visitor("v_proj_weight", &value)
        visitor("in_proj_bias", &bias)
        visitor("out_proj", &output)
    }
}
