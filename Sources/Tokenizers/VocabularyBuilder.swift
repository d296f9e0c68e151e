import Files

/// Checks what a tokenizer's files say and makes the tables from it.
struct VocabularyBuilder {
    /// An entry of the vocabulary, in the byte-level alphabet.
    struct Entry {
        let text: ArraySlice<UInt8>
        let id: Int
    }

    /// A token that is found as it stands; its text is ordinary UTF-8.
    struct Added {
        let text: ArraySlice<UInt8>
        let id: Int
        let isSpecial: Bool
    }

    /// Two texts in the byte-level alphabet that become one.
    struct Merge {
        let left: ArraySlice<UInt8>
        let right: ArraySlice<UInt8>
    }

    /// Where the token with some id is listed: an index of the entries, of the added tokens, or of both.
    private struct Listing {
        var entry: Int?
        var added: Int?
    }

    /// The file of the vocabulary, for errors.
    let place: String
    /// The file of the merges.
    let mergesPlace: String
    /// How a person finds the merge with this index: "line 7".
    let mergeName: (Int) -> String

    private var tokens = TokenBytes()
    private var table = TokenTable(capacity: 0)

    static let advice = "Correct the file or download it again"

    init(place: String, mergesPlace: String, mergeName: @escaping (Int) -> String) {
        self.place = place
        self.mergesPlace = mergesPlace
        self.mergeName = mergeName
    }

    /// - Throws: ``InputError`` of kind `data`.
    mutating func build(
        _ entries: [Entry], added: [Added], merges rules: [Merge], endOfText: String
    ) throws(InputError) -> Vocabulary {
        try collectTokens(try listings(entries, added), entries, added)
        let merges = Merges(table: try mergeTable(rules), byteTokens: try byteTokens())
        markWholeTokens(merges)

        var found = AddedTokens()
        for token in added {
            try checkIsNotInVocabulary(token)
            found.insert(token.text, token.id, isSpecial: token.isSpecial)
        }
        let end = added.first { $0.text.elementsEqual(endOfText.utf8) }?.id
        return Vocabulary(tokens: tokens, table: table, merges: merges, added: found, endOfText: end)
    }

    // MARK: Ids

    /// The listings by id; ids must be 0 to n - 1.
    private func listings(_ entries: [Entry], _ added: [Added]) throws(InputError) -> [Listing] {
        // An id beyond this leaves a hole, so nothing is ever allocated for an absurd one.
        let limit = min(entries.count + added.count, Int(Int32.max))
        var listings = [Listing](repeating: Listing(), count: limit)

        func check(_ id: Int, _ text: ArraySlice<UInt8>) throws(InputError) {
            guard id >= 0, id < limit else {
                throw failure(
                    "the token \(Self.quoted(text)) has the id \(id), but ids must be 0 to \(limit - 1) for \(limit) tokens"
                )
            }
            if text.isEmpty { throw failure("the token with the id \(id) is empty") }
        }
        func shared(_ id: Int, _ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> InputError {
            failure("the tokens \(Self.quoted(first)) and \(Self.quoted(second)) have the same id \(id)")
        }

        for (index, entry) in entries.enumerated() {
            try check(entry.id, entry.text)
            if let other = listings[entry.id].entry { throw shared(entry.id, entries[other].text, entry.text) }
            listings[entry.id].entry = index
        }
        for (index, token) in added.enumerated() {
            try check(token.id, token.text)
            if let other = listings[token.id].added { throw shared(token.id, added[other].text, token.text) }
            // Most files list a special token in the vocabulary as well.
            if let other = listings[token.id].entry, entries[other].text != token.text {
                throw shared(token.id, entries[other].text, token.text)
            }
            listings[token.id].added = index
        }

        let end = (listings.lastIndex { $0.entry != nil || $0.added != nil } ?? -1) + 1
        listings.removeSubrange(end...)
        if let hole = listings.firstIndex(where: { $0.entry == nil && $0.added == nil }) {
            throw failure("no token has the id \(hole), but ids go up to \(end - 1)")
        }
        return listings
    }

    // MARK: Tokens

    private mutating func collectTokens(
        _ listings: [Listing], _ entries: [Entry], _ added: [Added]
    ) throws(InputError) {
        table = TokenTable(capacity: listings.count)
        tokens.reserveCapacity(tokens: listings.count, bytes: entries.reduce(0) { $0 + $1.text.count })
        var written: [UInt8] = []
        for (id, listing) in listings.enumerated() {
            written.removeAll(keepingCapacity: true)
            var isWritten = false
            if let entry = listing.entry {
                isWritten = ByteLevelAlphabet.append(bytesWrittenAs: entries[entry].text, to: &written)
            }
            if let index = listing.added {
                // Stands for itself; it can take part in merges if the alphabet does not change it.
                isWritten = isWritten && written[...] == added[index].text
                written = Array(added[index].text)
            } else if !isWritten, let entry = listing.entry {
                throw failure(
                    "the token \(Self.quoted(entries[entry].text)) holds a character that is not in GPT-2's byte-level alphabet",
                    advice: "Use a byte-level vocabulary; list tokens that stand for themselves as added tokens")
            }
            tokens.append(written)
            if isWritten { table.insert(Int32(id), in: tokens) }
        }
    }

    private func byteTokens() throws(InputError) -> [UInt32] {
        var result: [UInt32] = []
        for byte in UInt8.min...UInt8.max {
            guard let token = token([byte][...]) else {
                throw failure(
                    "no token stands for the byte \(byte), written \(String(ByteLevelAlphabet.characters[Int(byte)]).quoted)"
                )
            }
            result.append(UInt32(token))
        }
        return result
    }

    /// A text must not be found as it stands under one id and made by merges under another.
    private func checkIsNotInVocabulary(_ added: Added) throws(InputError) {
        var bytes: [UInt8] = []
        guard ByteLevelAlphabet.append(bytesWrittenAs: added.text, to: &bytes), let other = token(bytes[...]),
            Int(other) != added.id
        else { return }
        throw failure(
            "the added token \(Self.quoted(added.text)) has the id \(added.id), but in the vocabulary \(other)")
    }

    private func token(_ bytes: ArraySlice<UInt8>) -> Int32? {
        bytes.withUnsafeBufferPointer { table.token($0, in: tokens) }
    }

    // MARK: Merges

    private func mergeTable(_ rules: [Merge]) throws(InputError) -> MergeTable {
        var merges = MergeTable(capacity: rules.count)
        // For every token the last merge that makes it; bytes are there from the start.
        var madeBy = [Int](repeating: -1, count: tokens.count)
        var pairs: [(left: Int32, right: Int32)] = []
        pairs.reserveCapacity(rules.count)
        var bytes: [UInt8] = []

        for (index, rule) in rules.enumerated() {
            bytes.removeAll(keepingCapacity: true)
            let isLeftWritten = ByteLevelAlphabet.append(bytesWrittenAs: rule.left, to: &bytes)
            let middle = bytes.count
            let isRightWritten = ByteLevelAlphabet.append(bytesWrittenAs: rule.right, to: &bytes)
            guard isLeftWritten, middle > 0, let left = token(bytes[..<middle]) else { throw unknown(rule.left, index) }
            guard isRightWritten, bytes.count > middle, let right = token(bytes[middle...]) else {
                throw unknown(rule.right, index)
            }
            guard let result = token(bytes[...]) else { throw unknown(rule.left + rule.right, index) }
            guard merges.append(UInt32(left), UInt32(right), makes: UInt32(result)) else {
                throw mergeFailure(
                    index, "joins \(Self.quoted(rule.left)) and \(Self.quoted(rule.right)) a second time")
            }
            madeBy[Int(result)] = index
            pairs.append((left, right))
        }
        for (index, pair) in pairs.enumerated() {
            for (part, text) in [(pair.left, rules[index].left), (pair.right, rules[index].right)] {
                let maker = madeBy[Int(part)]
                let isByte = tokens.range(of: Int(part)).count == 1
                guard maker < index, isByte || maker >= 0 else {
                    throw mergeFailure(
                        index,
                        "joins \(Self.quoted(text)), which \(maker < 0 ? "no merge" : "\(mergeName(maker)), further down,") makes"
                    )
                }
            }
        }
        return merges
    }

    /// Tells the table which tokens the merges make of their own bytes. All of them do in a trained vocabulary, but
    /// nothing in a file guarantees it.
    private mutating func markWholeTokens(_ merges: Merges) {
        var merger = ShortPieceMerger()
        for id in 0..<tokens.count where tokens.range(of: id).count <= PieceKey.longest {
            var isWhole = false
            tokens.withBytes(of: id) { bytes in
                merger.tokenize(bytes, merges) { isWhole = Int($0) == id }
            }
            if isWhole { table.markWhole(Int32(id), in: tokens) }
        }
    }

    // MARK: Errors

    private func unknown(_ text: ArraySlice<UInt8>, _ index: Int) -> InputError {
        mergeFailure(index, "needs the token \(Self.quoted(text)), which is not in the vocabulary")
    }

    private func mergeFailure(_ index: Int, _ problem: String) -> InputError {
        InputError(
            .data, "\(mergeName(index)) \(problem)", in: mergesPlace,
            advice: "Use the vocabulary and the merges of one tokenizer")
    }

    private func failure(_ problem: String, advice: String = Self.advice) -> InputError {
        InputError(.data, problem, in: place, advice: advice)
    }

    private static func quoted(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: text, as: UTF8.self).quoted
    }
}
