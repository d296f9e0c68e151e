public import Tensors

extension AttentionMask {
    /// Which keys are padding, so that no query looks at them.
    ///
    ///     AttentionMask(isCausal: true, padding: [[false, false, true], [false, false, false]])
    ///
    /// A query that may look at no key at all finds zeros, as in PyTorch's fused attention; where PyTorch is asked for the
    /// weights, or takes its fast path of inference, it gives NaN instead.
    ///
    /// - Parameter padding: for each sequence whether each of its keys is padding: PyTorch's `key_padding_mask`.
    public init(isCausal: Bool = false, padding: [[Bool]]) {
        self.init(isCausal: isCausal, keyPadding: Self.blocking(padding))
    }

    /// 0 where a query may look and -infinity where it may not, in the shape of `blocked`: what PyTorch makes of masks of
    /// truth values.
    public static func blocking(_ blocked: [[Bool]]) -> Tensor {
        let columns = blocked.first?.count ?? 0
        precondition(blocked.allSatisfy { $0.count == columns }, "rows of a mask have the same length")
        return Tensor(
            blocked.joined().map { $0 ? -.infinity : 0 }, shape: Shape(blocked.count, columns))
    }
}
