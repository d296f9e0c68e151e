import GPT2
import Layers
import Tensors
import Tokenizers

/// Predict, choose, append, repeat: everything so far is fed again for each token.
func generate(
    _ model: LanguageModel, from start: Int32, count: Int, _ context: ForwardContext,
    choose: ([Float]) -> Int32
) -> [Int32] {
    var tokens = [start]
    for _ in 0..<count {
        let logits = model([tokens], context)
        tokens.append(choose(logits.row(tokens.count - 1)))
    }
    return Array(tokens.dropFirst())
}

/// The same with GPT-2 and a cache of keys and values: each token is fed once.
func generate(
    _ model: GPT2, from start: TokenID, count: Int, _ context: ForwardContext, choose: ([Float]) -> TokenID
) throws -> [TokenID] {
    let cache = KVCache(for: model, capacity: count)
    var tokens = [start]
    for _ in 0..<count {
        var batch = ForwardBatch()
        try batch.append(tokens.suffix(1), to: cache)
        tokens.append(choose(model.logits(batch, context).row(0)))
    }
    return Array(tokens.dropFirst())
}
