package import Files
package import Tensors
package import Tokenizers

extension GPT2 {
    /// Tokens that one forward pass takes of a long text: enough to keep the processor busy, few enough to stop soon.
    package static let chunkLength = 256

    /// Feeds tokens chunk by chunk, without asking what comes after them.
    package func prefill(
        _ tokens: ArraySlice<TokenID>, into cache: KVCache, _ context: ForwardContext
    ) throws(InputError) {
        var batch = ForwardBatch()
        var rest = tokens
        while !rest.isEmpty {
            batch.removeAll()
            try batch.append(rest.prefix(Self.chunkLength), to: cache)
            _ = hiddenStates(batch, rows: .none, context)
            rest = rest.dropFirst(Self.chunkLength)
        }
    }
}
