import Tensors

extension OperationCase {
    static let attentionMasks: [OperationCase] = [
        masked("key padding", [(4, 5), (2, 3)], AttentionMask(keyPadding: padding([2, 6]))),
        masked("key padding, causal", [(4, 5), (3, 3)], AttentionMask(isCausal: true, keyPadding: padding([0, 7]))),
        // All of a sequence's keys, and the first key of causal sequences.
        masked("padding of all keys", [(4, 5), (2, 3)], AttentionMask(keyPadding: padding([5, 6, 7]))),
        masked(
            "causal, padding of all keys that the first queries see", [(5, 5), (3, 3)],
            AttentionMask(isCausal: true, keyPadding: padding([0, 1, 5]))),
        masked("additive", [(4, 4), (4, 4)], AttentionMask(additive: additive(Shape(4, 4)))),
        masked("additive for each head", [(4, 4), (4, 4)], AttentionMask(additive: additive(Shape(4, 4, 4)))),
        masked(
            "additive, hiding rows", [(4, 4), (4, 4)], AttentionMask(additive: additive(Shape(4, 4), hidingRow: 2))),
        masked(
            "everything, strips", [(35, 70), (35, 70)],
            AttentionMask(
                isCausal: true, keyPadding: Tensor((0..<140).map { $0 % 9 == 1 ? -.infinity : 0 }, shape: Shape(140)),
                additive: additive(Shape(4, 35, 70)))),
    ]

    private static func masked(
        _ variant: String, _ spans: [(queries: Int, keys: Int)], _ mask: AttentionMask
    ) -> OperationCase {
        apart(variant, spans: spans, heads: 2, size: 3, mask: mask)
    }

    /// Of eight keys.
    private static func padding(_ hidden: Set<Int>) -> Tensor {
        Tensor((0..<8).map { hidden.contains($0) ? -.infinity : 0 }, shape: Shape(8))
    }

    /// Different numbers, every sixth -infinity.
    private static func additive(_ shape: Shape, hidingRow: Int? = nil) -> Tensor {
        Tensor(
            (0..<shape.count).map { index in
                let isHidden = index % 6 == 4 || hidingRow == index / shape[-1]
                return isHidden ? -.infinity : Float(index * 7 % 5) / 2 - 1
            }, shape: shape)
    }
}
