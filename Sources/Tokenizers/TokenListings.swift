import Files

/// Where a vocabulary's source lists each token. Ids are 0 to n - 1, each given to one token.
struct TokenListings {
    /// An index of the entries, of the added tokens, or of both.
    struct Listing {
        var entry: Int?
        var added: Int?
    }

    private(set) var byID: [Listing]

    /// - Throws: ``InputError`` of kind `data` for an id that two tokens have, for a hole, and for an empty token.
    init(_ source: VocabularySource, place: String) throws(InputError) {
        func failure(_ problem: String) -> InputError {
            InputError(.data, problem, in: place, advice: VocabularyBuilder.advice)
        }
        // An id beyond this leaves a hole, so nothing is ever allocated for an absurd one.
        let limit = min(source.entries.count + source.added.count, Int(Int32.max))
        var byID = [Listing](repeating: Listing(), count: limit)

        func check(_ id: Int, _ text: VocabularySource.Text) throws(InputError) {
            guard id >= 0, id < limit else {
                throw failure(
                    "the token \(source.quoted(text)) has the id \(id), but the ids of \(limit) tokens must be 0 to \(limit - 1)"
                )
            }
            if text.isEmpty { throw failure("the token with the id \(id) is empty") }
        }
        func shared(
            _ id: Int, _ first: VocabularySource.Text, _ second: VocabularySource.Text
        ) -> InputError {
            failure("the tokens \(source.quoted(first)) and \(source.quoted(second)) have the same id \(id)")
        }

        for (index, entry) in source.entries.enumerated() {
            try check(entry.id, entry.text)
            if let other = byID[entry.id].entry { throw shared(entry.id, source.entries[other].text, entry.text) }
            byID[entry.id].entry = index
        }
        for (index, token) in source.added.enumerated() {
            try check(token.id, token.text)
            if let other = byID[token.id].added { throw shared(token.id, source.added[other].text, token.text) }
            // Most files list a special token in the vocabulary as well.
            if let other = byID[token.id].entry {
                let entry = source.entries[other].text
                guard source.isEqual(entry, source.bytes[token.text]) else { throw shared(token.id, entry, token.text) }
            }
            byID[token.id].added = index
        }

        let end = (byID.lastIndex { $0.entry != nil || $0.added != nil } ?? -1) + 1
        byID.removeSubrange(end...)
        if let hole = byID.firstIndex(where: { $0.entry == nil && $0.added == nil }) {
            throw failure("no token has the id \(hole), but ids go up to \(end - 1)")
        }
        self.byID = byID
    }
}
