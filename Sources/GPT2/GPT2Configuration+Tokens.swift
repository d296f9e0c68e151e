internal import Files
internal import Tokenizers

extension GPT2Configuration {
    /// The token from which a text starts: the tokenizer's end-of-text token if it ends a text for the model too, else the
    /// first one that does, else the tokenizer's alone.
    ///
    /// - Parameter endOfText: the ids of the vocabulary that end a text; see ``GenerationConfiguration``.
    func startToken(_ tokenizer: Tokenizer?, endOfText: Set<TokenID>) -> TokenID? {
        if let token = tokenizer?.endOfText, endOfText.contains(token) { return token }
        if let token = endOfText.min() { return token }
        return tokenizer?.endOfText.flatMap { $0 < vocabularySize ? $0 : nil }
    }

    /// The tokens of a text, if the model knows them all.
    ///
    /// - Parameter path: the text's file, for the error.
    /// - Throws: ``InputError`` of kind `data` for a token outside the vocabulary.
    func checked(_ tokens: [TokenID], in path: String) throws(InputError) -> [TokenID] {
        if let token = tokens.first(where: { $0 >= vocabularySize }) {
            throw InputError(
                .data, "token \(token) is outside the model's vocabulary of \(vocabularySize) tokens", in: path,
                advice: "Use the tokenizer that belongs to the model")
        }
        return tokens
    }
}
