internal import Files
internal import Runtime
internal import Tensors
internal import Tokenizers

/// Proposes what a smaller model says, sampled as the model's own tokens are, with the same random numbers: the closer
/// their probabilities, the more often both choose the same token.
final class DraftModel: Proposer {
    private let draft: GPT2Model
    private let cache: KVCache
    private let context: ForwardContext
    private var batch = ForwardBatch()
    private var sampler: Sampler
    private let philox: Philox

    /// - Parameters:
    ///   - capacity: how many tokens the text can have.
    ///   - context: the model's own; the two take turns.
    /// - Throws: ``InputError`` of kind `usage` if the draft does not fit the model.
    init(
        _ draft: GPT2Model, for model: GPT2Model, options: GenerationOptions, philox: Philox, capacity: Int,
        _ context: ForwardContext
    ) throws(InputError) {
        try draft.checkVocabulary(against: model)
        self.draft = draft
        self.context = context
        self.philox = philox
        cache = try draft.network.cache(for: capacity)
        sampler = try Sampler(options, vocabularySize: draft.configuration.vocabularySize)
    }

    func propose(_ count: Int, after text: [TokenID], into proposal: inout [TokenID]) throws(InputError) {
        // The last proposed token is never fed back.
        let count = min(count, cache.capacity - text.count + 1)
        guard count > 0 else { return }
        // What did not come true is forgotten.
        cache.truncate(to: min(cache.count, text.count - 1))
        batch.removeAll()
        try batch.append(text[cache.count...].prefix(GPT2.chunkLength), to: cache)
        guard cache.count + batch.tokens.count == text.count else {
            // A long prompt is read a chunk a turn, so that every token comes in time.
            _ = draft.network.hiddenStates(batch, rows: .none, context)
            return
        }
        while true {
            let token = try sample(draft.network.logits(batch, context), position: text.count + proposal.count)
            proposal.append(token)
            if proposal.count == count { return }
            batch.removeAll()
            try batch.append(CollectionOfOne(token), to: cache)
        }
    }

    private func sample(_ logits: Tensor, position: Int) throws(InputError) -> TokenID {
        let uniform = philox.uniform(at: UInt64(position))
        do throws(InputError) {
            return try logits.withUnsafeValues { row throws(InputError) in
                try sampler.sample(row, uniform: uniform).token
            }
        } catch {
            throw InputError(error.kind, "as a draft, \(error.problem)", in: draft.source.place, advice: error.advice)
        }
    }
}

extension GPT2Model {
    /// Whether each token id means the same in another model, as far as tokenizers tell.
    fileprivate func checkVocabulary(against model: GPT2Model) throws(InputError) {
        func refuse(_ problem: String) -> InputError {
            InputError(
                .usage, problem, in: source.place, advice: "Draft with a model that has the same tokenizer")
        }
        let (size, expectedSize) = (configuration.vocabularySize, model.configuration.vocabularySize)
        guard size == expectedSize else {
            throw refuse("the draft model has \(size) tokens, and the model \(expectedSize)")
        }
        // Without a tokenizer ids are all there is.
        guard let tokenizer, let expected = model.tokenizer, self !== model else { return }
        guard tokenizer.vocabularySize == expected.vocabularySize else {
            throw refuse(
                "the draft model's tokenizer has \(tokenizer.vocabularySize) tokens, and the model's "
                    + "\(expected.vocabularySize)")
        }
        var (bytes, expectedBytes): ([UInt8], [UInt8]) = ([], [])
        for token in 0..<expected.vocabularySize {
            bytes.removeAll(keepingCapacity: true)
            expectedBytes.removeAll(keepingCapacity: true)
            guard tokenizer.appendBytes(of: token, to: &bytes), expected.appendBytes(of: token, to: &expectedBytes),
                bytes == expectedBytes
            else {
                let texts = [bytes, expectedBytes].map { String(decoding: $0, as: UTF8.self).quoted }
                throw refuse(
                    "the draft model has another tokenizer: its token \(token) is \(texts[0]), the model's \(texts[1])")
            }
        }
    }
}
