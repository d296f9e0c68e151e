internal import Files
internal import Runtime

/// About how much memory training takes, to refuse beforehand what no system gives.
struct TrainingMemory {
    /// Bytes of weights, gradients and what the optimizer remembers.
    var weights = 0.0
    /// Bytes that a forward pass keeps for the backward pass.
    private(set) var activations = 0.0

    /// - Parameters:
    ///   - rows: the tokens of a batch, B T.
    ///   - recompute: whether only what enters a block is kept.
    mutating func addActivations(rows: Int, layers: Int, channels: Int, recompute: Bool = false) {
        // What a block keeps for a token: two norms, queries, keys, values, attention's output twice, and the feed-forward
        // network's four times wider inside before and after its activation, and its output.
        let width = recompute ? 1.0 : 16
        activations += 4 * Double(rows) * Double(layers) * Double(channels) * width
    }

    /// - Throws: ``InputError`` of kind `data` if the system would not give so much.
    func check(advice: String) throws(InputError) {
        let bytes = weights + activations
        guard let count = Int(exactly: bytes.rounded()), canAllocate(byteCount: count) else {
            throw InputError(
                .data,
                "the weights, their gradients and the optimizer need \(NumberText.fixed(weights / 1e6, 0)) MB of memory, "
                    + "and a batch \(NumberText.fixed(activations / 1e6, 0)) MB, which the system does not give",
                advice: advice)
        }
    }
}
