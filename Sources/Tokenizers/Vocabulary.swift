/// What a tokenizer knows, checked: made by ``VocabularyBuilder`` or ``CharacterVocabularyBuilder``, never changed
/// afterwards.
final class Vocabulary: Sendable {
    /// How text becomes tokens.
    enum Model: Sendable {
        /// Bytes are merged.
        case bytePairs(TokenTable, Merges)
        /// Each character is a token.
        case characters(CharacterTable)
    }

    static let endOfTextName = "<|endoftext|>"

    let tokens: TokenBytes
    let model: Model
    let added: AddedTokens
    let endOfText: TokenID?

    var isCharacterLevel: Bool {
        if case .characters = model { true } else { false }
    }

    init(tokens: TokenBytes, model: Model, added: AddedTokens, endOfText: TokenID?) {
        self.tokens = tokens
        self.model = model
        self.added = added
        self.endOfText = endOfText
    }
}
