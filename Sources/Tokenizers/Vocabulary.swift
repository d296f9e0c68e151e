/// What a tokenizer knows, checked: made by ``VocabularyBuilder``, never changed afterwards.
final class Vocabulary: Sendable {
    static let endOfTextName = "<|endoftext|>"

    let tokens: TokenBytes
    let table: TokenTable
    let merges: Merges
    let added: AddedTokens
    let endOfText: TokenID?

    init(tokens: TokenBytes, table: TokenTable, merges: Merges, added: AddedTokens, endOfText: TokenID?) {
        self.tokens = tokens
        self.table = table
        self.merges = merges
        self.added = added
        self.endOfText = endOfText
    }
}
