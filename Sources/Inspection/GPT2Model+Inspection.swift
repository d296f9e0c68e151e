public import Files
public import GPT2
public import Tensors
public import Tokenizers

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension GPT2Model {
    /// Shows what the model does with a text. Runs on the calling thread.
    ///
    /// - Parameters:
    ///   - prompt: an empty one becomes the end-of-text token.
    ///   - guesses: how many of the likeliest next tokens to show.
    /// - Throws: ``InputError`` of kind `usage` if the model has no tokenizer, `data` for a prompt longer than the context.
    public func inspect(_ prompt: String, guesses: Int = 5) throws(InputError) -> PromptInspection {
        try inspect(promptTokens(prompt), guesses: guesses)
    }

    /// Shows what the model does with token ids. Runs on the calling thread.
    ///
    /// - Throws: ``InputError`` of kind `usage` for ids outside the vocabulary, `data` for a prompt longer than the context.
    public func inspect(_ prompt: [TokenID], guesses: Int = 5) throws(InputError) -> PromptInspection {
        let tokens = try promptTokens(prompt)
        let taps = Taps()
        let recording = Recording(taps, layers: configuration.layers)
        var context = ForwardContext(team: team)
        let cache = try network.cache(for: tokens.count)
        // Only what happens at the last position is recorded.
        try network.prefill(tokens.dropLast(), into: cache, context)
        var batch = ForwardBatch()
        try batch.append(tokens.suffix(1), to: cache)
        context.taps = taps
        let logits = network.logits(batch, context)
        context.taps = nil

        let layers = (0..<configuration.layers).map { layer in
            let residual = recording.row(.residualAfter, layer)
            let lens = network.lens(residual, context)
            return PromptInspection.Layer(
                layer: layer, residualNormBefore: recording.row(.residualBefore, layer).norm,
                norm1: norm(recording.row(.norm1Statistics, layer)),
                attentionOutputNorm: recording.row(.attentionOutput, layer).norm,
                norm2: norm(recording.row(.norm2Statistics, layer)),
                feedForwardOutputNorm: recording.row(.feedForwardOutput, layer).norm,
                residualNormAfter: residual.norm, lens: best(guesses, of: lens),
                looks: recording.looks(layer: layer, positions: tokens.count - 1))
        }
        return PromptInspection(
            prompt: tokens.map(token), layers: layers, finalNorm: norm(recording.row(.finalNormStatistics, nil)),
            prediction: best(guesses, of: logits))
    }

    private func token(_ id: TokenID) -> PromptInspection.Token {
        PromptInspection.Token(
            id: id, text: tokenizer.map { String(decoding: $0.bytes(of: id) ?? [], as: UTF8.self) })
    }

    private func norm(_ statistics: [Float]) -> PromptInspection.Norm {
        let reciprocal = Double(statistics[1])  // 1/√(variance + ε)
        let variance = 1 / (reciprocal * reciprocal) - configuration.layerNormEpsilon
        return PromptInspection.Norm(mean: Double(statistics[0]), deviation: max(variance, 0).squareRoot())
    }

    /// - Parameter logits: [1, V].
    private func best(_ count: Int, of logits: Tensor) -> [PromptInspection.Guess] {
        logits.withUnsafeValues { row in
            let total = Double.logSumExp(row)
            var best: [Int] = []
            for i in row.indices where best.count < count || best.last.map({ row[i] > row[$0] }) == true {
                best.insert(i, at: best.firstIndex { row[i] > row[$0] } ?? best.count)
                if best.count > count { best.removeLast() }
            }
            return best.map { PromptInspection.Guess(token: token($0), probability: exp(Double(row[$0]) - total)) }
        }
    }
}

extension GPT2 {
    /// What the model would say if the residual stream were `row` after the last block.
    ///
    /// - Returns: logits, [1, V].
    public func lens(_ row: [Float], _ context: ForwardContext) -> Tensor {
        head(finalNorm(Tensor(row, shape: Shape(1, row.count)), context), context)
    }
}
