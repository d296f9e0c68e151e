import Files

/// Checks what a tokenizer's file says whose tokens are single characters, and makes the tables from it.
struct CharacterVocabularyBuilder {
    private let source: VocabularySource
    /// The file, for errors.
    private let place: String

    init(_ source: VocabularySource, place: String) {
        self.source = source
        self.place = place
    }

    /// - Throws: ``InputError`` of kind `data`.
    func build() throws(InputError) -> Vocabulary {
        let listings = try TokenListings(source, place: place)
        var tokens = TokenBytes()
        var table = CharacterTable()
        for (id, listing) in listings.byID.enumerated() {
            if let entry = listing.entry, listing.added == nil {
                let text = source.entries[entry].text
                guard let scalar = scalar(text) else {
                    throw failure("the token \(source.quoted(text)) is not a single character")
                }
                guard table.insert(scalar, Int32(id)) else {
                    throw failure("the character \(source.quoted(text)) has a second token, \(id)")
                }
                tokens.append(Array(source.bytes[text]))
            } else if let added = listing.added {
                tokens.append(Array(source.bytes[source.added[added].text]))
            }
        }
        var added = AddedTokens()
        for token in source.added {
            if let scalar = scalar(token.text), table.token(scalar) >= 0 {
                throw failure(
                    "the added token \(source.quoted(token.text)) has the id \(token.id), but in the vocabulary "
                        + "\(table.token(scalar))")
            }
            added.insert(source.bytes[token.text], token.id, isSpecial: token.isSpecial)
        }
        let end = source.added.first { source.isEqual($0.text, Vocabulary.endOfTextName.utf8) }?.id
        return Vocabulary(tokens: tokens, model: .characters(table), added: added, endOfText: end)
    }

    /// The only character of a text.
    private func scalar(_ text: VocabularySource.Text) -> UInt32? {
        source.bytes[text].withUnsafeBufferPointer { bytes in
            guard UTF8Sequence.length(in: bytes, at: 0) == bytes.count else { return nil }
            return UTF8Sequence.scalar(in: bytes, at: 0, length: bytes.count)
        }
    }

    private func failure(_ problem: String) -> InputError {
        InputError(.data, problem, in: place, advice: VocabularyBuilder.advice)
    }
}
