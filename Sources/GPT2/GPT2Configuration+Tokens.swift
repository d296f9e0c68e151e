internal import Files
internal import Tokenizers

extension GPT2Configuration {
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
