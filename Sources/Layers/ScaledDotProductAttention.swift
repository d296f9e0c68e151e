public import Tensors

extension ForwardContext {
    /// softmax(q kᵀ / √D + mask) v for each of H heads of D = C / H channels, without projections.
    ///
    /// - Parameters:
    ///   - query: [B, Tq, C] or [Tq, C].
    ///   - key, value: [B, Tk, C] or [Tk, C].
    ///   - dropout: of the attention weights.
    ///   - layer: the layer's number, for the tap `attentionPattern`.
    /// - Returns: the shape of `query`.
    public func scaledDotProductAttention(
        query: Tensor, key: Tensor, value: Tensor, heads: Int = 1, mask: AttentionMask = .none,
        dropout: Dropout = Dropout(0), layer: Int? = nil
    ) -> Tensor {
        AttentionHeads(query, heads: heads, dropout: dropout, layer: layer).attend(
            AttentionParts(queries: query, keys: key, values: value),
            AttentionSpan.sequences(queries: query.shape, keys: key.shape), mask, self)
    }

    /// The same with the weights with which each query looks at each key, head by head; no gradients flow through these.
    ///
    /// - Returns: the output in the shape of `query`, and the weights as they meet the values, [B, H, Tq, Tk]: before
    ///   dropout each row sums to one, or to zero where all keys are masked.
    public func scaledDotProductAttentionWithWeights(
        query: Tensor, key: Tensor, value: Tensor, heads: Int = 1, mask: AttentionMask = .none,
        dropout: Dropout = Dropout(0)
    ) -> (output: Tensor, weights: Tensor) {
        let heads = AttentionHeads(query, heads: heads, dropout: dropout, layer: nil)
        let (found, weights) = heads.attendWithWeights(
            AttentionParts(queries: query, keys: key, values: value), queries: query.shape, keys: key.shape, mask, self)
        return (found, weights)
    }
}

extension AttentionHeads {
    fileprivate init(_ query: Tensor, heads: Int, dropout: Dropout, layer: Int?) {
        let channels = query.shape[-1]
        precondition(heads > 0 && channels.isMultiple(of: heads), "\(heads) heads do not divide \(channels) channels")
        self.init(count: heads, scale: 1 / Float(channels / heads).squareRoot(), dropout: dropout, layer: layer)
    }
}
