package import Files
package import Tokenizers

extension GPT2Model {
    /// The token from which a text starts where the prompt is empty: the end-of-text token, which stood before every text
    /// that the model learned from.
    package var startToken: TokenID? { configuration.startToken(tokenizer, endOfText: endOfText) }

    /// The tokens of a prompt, ready to be fed.
    ///
    /// - Throws: ``InputError`` of kind `usage` if the model has no tokenizer, `data` for a character that has no token.
    package func promptTokens(_ text: String) throws(InputError) -> [TokenID] {
        guard let tokenizer else {
            throw InputError(
                .usage, "the model has no tokenizer, so it cannot read text", in: source.place,
                advice: "Give token ids, or put tokenizer.json, or vocab.json and merges.txt, into the folder")
        }
        return try promptTokens(tokenizer.encodeExactly(Array(text.utf8), in: "prompt"))
    }

    /// The tokens of a prompt, ready to be fed: an empty one becomes the start token.
    ///
    /// - Throws: ``InputError`` of kind `usage` for ids outside the vocabulary, and for an empty prompt if the model has no
    ///   start token; of kind `data` if there are more tokens than the context holds.
    package func promptTokens(_ tokens: [TokenID]) throws(InputError) -> [TokenID] {
        let vocabulary = configuration.vocabularySize
        if let token = tokens.first(where: { $0 < 0 || $0 >= vocabulary }) {
            throw InputError(
                .usage, "the token \(token) is outside the model's vocabulary of \(vocabulary) tokens", in: "prompt",
                advice: "Use tokens from 0 to \(vocabulary - 1)")
        }
        guard tokens.count <= configuration.contextLength else {
            throw InputError(
                .data,
                "the prompt has \(tokens.count) tokens, and the model's context holds \(configuration.contextLength)",
                in: "prompt", advice: "Shorten it")
        }
        if !tokens.isEmpty { return tokens }
        guard let start = startToken else {
            throw InputError(
                .usage, "the prompt is empty, and the model has no end-of-text token to start from", in: "prompt",
                advice: "Give a prompt")
        }
        return [start]
    }
}
