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

/// The text's second form: what was there before is concatenated with the new token.
func generate(
    _ model: LanguageModel, concatenatingFrom start: Int32, count: Int, keepsOutput: Bool = false,
    _ context: ForwardContext, choose: ([Float]) -> Int32
) -> [Int32] {
    var tokens = [start]
    var previous: Tensor?
    for _ in 0..<count {
        let fed = model.embed([tokens.suffix(1)], after: previous, context)
        let output = model.transformer(fed, mask: .causal, context)
        tokens.append(choose(model.head(output, context).row(tokens.count - 1)))
        previous = keepsOutput ? output : fed
    }
    return Array(tokens.dropFirst())
}

extension LanguageModel {
    /// The vectors of new tokens, [B, T, D], after others in time, [B, P, D]: [B, P + T, D].
    func embed(_ tokens: [[Int32]], after previous: Tensor?, _ context: ForwardContext) -> Tensor {
        let new = embedding(tokens, context)
        guard let previous else { return new }
        let (batch, time, size) = (tokens.count, previous.shape[1] + new.shape[1], new.shape[2])
        let rows = [previous, new].map { $0.reshaped(Shape(batch, $0.shape[1] * size)) }
        return context.sideBySide(rows).reshaped(Shape(batch, time, size))
    }
}

/// The first form with GPT-2 and a cache of keys and values: each token is fed once.
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
