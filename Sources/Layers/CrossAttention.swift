public import Tensors

/// Attention to keys and values that are wider or narrower than the queries, as of an encoder of another width (PyTorch's
/// `MultiheadAttention` with `kdim` and `vdim`, whose state dictionary it loads). ``MultiHeadAttention`` is for one width.
public struct CrossAttention: Module {
    /// To queries, [C, C]; to keys, [K, C]; to values, [V, C].
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
    ///   - valueChannels: V.
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
    ///   - value: [B, Tk, V] or [Tk, V].
    /// - Returns: the shape of `query`.
    public func callAsFunction(
        query: Tensor, key: Tensor, value: Tensor, mask: AttentionMask = .none, _ context: ForwardContext
    ) -> Tensor {
        let channels = output.weight.inputs
        func project(_ x: Tensor, _ weight: Weight, _ index: Int) -> Tensor {
            let range = index * channels..<(index + 1) * channels
            return context.linear(x, weight, bias: bias.map { context.columns($0, range) })
        }
        let found = context.scaledDotProductAttention(
            query: project(query, self.query, 0), key: project(key, self.key, 1), value: project(value, self.value, 2),
            heads: heads, mask: mask, dropout: dropout)
        return output(found, context)
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("q_proj_weight", &query)
        visitor("k_proj_weight", &key)
        visitor("v_proj_weight", &value)
        visitor("in_proj_bias", &bias)
        visitor("out_proj", &output)
    }
}
