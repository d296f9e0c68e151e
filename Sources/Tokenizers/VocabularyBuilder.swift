import Files

/// Checks what a tokenizer's files say and makes the tables from it.
struct VocabularyBuilder {
    private let source: VocabularySource
    /// The file of the vocabulary, for errors.
    private let place: String
    /// The file of the merges.
    private let mergesPlace: String
    /// How a person finds the merge with this index: "line 7".
    private let mergeName: (Int) -> String

    private let alphabet = ByteLevelAlphabet()
    private var tokens = TokenBytes()
    /// Holds the tokens that merges can make.
    private var table = TokenTable(count: 0)
    private var byteTokens: [UInt32] = []

    static let advice = "Correct the file or download it again"

    init(_ source: VocabularySource, place: String, mergesPlace: String, mergeName: @escaping (Int) -> String) {
        self.source = source
        self.place = place
        self.mergesPlace = mergesPlace
        self.mergeName = mergeName
    }

    /// - Throws: ``InputError`` of kind `data`.
    mutating func build() throws(InputError) -> Vocabulary {
        try collectTokens(try TokenListings(source, place: place))
        byteTokens = try findByteTokens()
        let merges = Merges(table: try mergeTable(), byteTokens: byteTokens)

        var added = AddedTokens()
        for token in source.added {
            try checkIsNotInVocabulary(token)
            added.insert(source.bytes[token.text], token.id, isSpecial: token.isSpecial)
        }
        hideTokens(except: WholeTokens(count: tokens.count, merges))
        let end = source.added.first { source.isEqual($0.text, Vocabulary.endOfTextName.utf8) }?.id
        return Vocabulary(tokens: tokens, model: .bytePairs(table, merges), added: added, endOfText: end)
    }

    // MARK: Tokens

    private mutating func collectTokens(_ listings: TokenListings) throws(InputError) {
        table = TokenTable(count: listings.byID.count)
        tokens.reserveCapacity(tokens: listings.byID.count, bytes: source.entries.reduce(0) { $0 + $1.text.count })
        var written: [UInt8] = []
        for (id, listing) in listings.byID.enumerated() {
            written.removeAll(keepingCapacity: true)
            var isWritten = false
            if let entry = listing.entry {
                isWritten = alphabet.append(source.entries[entry].text, of: source.bytes, to: &written)
            }
            if let added = listing.added {
                // Stands for itself; it can take part in merges if the alphabet does not change it.
                let text = source.bytes[source.added[added].text]
                isWritten = isWritten && written.elementsEqual(text)
                written = Array(text)
            } else if !isWritten, let entry = listing.entry {
                let text = source.quoted(source.entries[entry].text)
                throw failure(
                    "the token \(text) holds a character that is not in GPT-2's byte-level alphabet",
                    advice: "Use a byte-level vocabulary; list tokens that stand for themselves as added tokens")
            }
            tokens.append(written)
            if isWritten { table.insert(Int32(id), in: tokens) }
        }
    }

    private func findByteTokens() throws(InputError) -> [UInt32] {
        var result: [UInt32] = []
        for byte in UInt8.min...UInt8.max {
            guard let token = token([byte], 0..<1) else {
                let character = String(decoding: [alphabet.codePoints[Int(byte)]], as: UTF16.self)
                throw failure("no token stands for the byte \(byte), written \(character.quoted)")
            }
            result.append(UInt32(token))
        }
        return result
    }

    /// A text must not be found as it stands under one id and made by merges under another.
    private func checkIsNotInVocabulary(_ added: VocabularySource.Added) throws(InputError) {
        var bytes: [UInt8] = []
        guard alphabet.append(added.text, of: source.bytes, to: &bytes), let other = token(bytes, 0..<bytes.count),
            Int(other) != added.id
        else { return }
        throw failure(
            "the added token \(source.quoted(added.text)) has the id \(added.id), but in the vocabulary \(other)")
    }

    private func token(_ bytes: [UInt8], _ range: Range<Int>) -> Int32? {
        bytes.withUnsafeBufferPointer { table.token(UnsafeBufferPointer(rebasing: $0[range]), in: tokens) }
    }

    /// Many parts of merges are single bytes.
    private func part(_ bytes: [UInt8], _ range: Range<Int>) -> Int32? {
        range.count == 1 ? Int32(byteTokens[Int(bytes[range.lowerBound])]) : token(bytes, range)
    }

    private func isToken(_ token: Int32, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { table.holds(token, by: $0, in: tokens) }
    }

    // MARK: Merges

    private func mergeTable() throws(InputError) -> MergeTable {
        var merges = MergeTable(capacity: source.merges.count)
        // For every token the last merge that makes it.
        var makers = [Int32](repeating: -1, count: tokens.count)
        var bytes: [UInt8] = []
        var result: Int32 = -1

        for (index, rule) in source.merges.enumerated() {
            bytes.removeAll(keepingCapacity: true)
            let isLeftWritten = alphabet.append(rule.left, of: source.bytes, to: &bytes)
            let middle = bytes.count
            let isRightWritten = alphabet.append(rule.right, of: source.bytes, to: &bytes)
            guard isLeftWritten, middle > 0, let left = part(bytes, 0..<middle) else {
                throw unknown(source.quoted(rule.left), index)
            }
            guard isRightWritten, bytes.count > middle, let right = part(bytes, middle..<bytes.count) else {
                throw unknown(source.quoted(rule.right), index)
            }
            // Training numbers tokens in the order of the merges.
            if isToken(result + 1, bytes) {
                result += 1
            } else {
                guard let found = token(bytes, 0..<bytes.count) else {
                    throw unknown("\(source.quoted(rule.left)) + \(source.quoted(rule.right))", index)
                }
                result = found
            }
            guard merges.append(UInt32(left), UInt32(right), makes: UInt32(result)) else {
                throw mergeFailure(
                    index, "joins \(source.quoted(rule.left)) and \(source.quoted(rule.right)) a second time")
            }
            makers[Int(result)] = Int32(index)
        }
        for (index, rule) in merges.rules.enumerated() {
            try checkIsMadeBefore(index, rule.left, source.merges[index].left, makers)
            try checkIsMadeBefore(index, rule.right, source.merges[index].right, makers)
        }
        return merges
    }

    /// See ``Merges`` for what depends on this. Training cannot produce anything else.
    private func checkIsMadeBefore(
        _ index: Int, _ part: UInt32, _ text: VocabularySource.Text, _ makers: [Int32]
    ) throws(InputError) {
        let maker = Int(makers[Int(part)])
        if maker >= 0 ? maker < index : tokens.range(of: Int(part)).count == 1 { return }
        let reason = maker < 0 ? "which no merge makes" : "which \(mergeName(maker)) makes too late"
        throw mergeFailure(index, "needs the token \(source.quoted(text)), \(reason)")
    }

    /// Leaves the tokens in the table that a piece of text with their bytes becomes. In a trained vocabulary that is all
    /// but `<|endoftext|>`; nothing in a file guarantees it.
    private mutating func hideTokens(except whole: WholeTokens) {
        for token in 0..<tokens.count where !whole.contains(UInt32(token)) { table.hide(Int32(token)) }
    }

    // MARK: Errors

    private func unknown(_ text: String, _ index: Int) -> InputError {
        mergeFailure(index, "needs the token \(text), which is not in the vocabulary")
    }

    private func mergeFailure(_ index: Int, _ problem: String) -> InputError {
        InputError(
            .data, "\(mergeName(index)) \(problem)", in: mergesPlace,
            advice: "Use the vocabulary and the merges of one tokenizer")
    }

    private func failure(_ problem: String, advice: String = Self.advice) -> InputError {
        InputError(.data, problem, in: place, advice: advice)
    }
}
