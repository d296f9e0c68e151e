public import Files

/// The number of a token, from 0 to the size of the vocabulary - 1.
public typealias TokenID = Int

/// GPT-2's tokenizer: byte-level byte-pair encoding. Or one whose tokens are single characters.
///
/// With byte pairs, any bytes can be encoded, valid UTF-8 or not, and decoding gives the same bytes back; the tokens are
/// those of tiktoken. A tokenizer of characters leaves out what it has no token for. A tokenizer is a value that can be
/// used from many threads at once.
///
///     let tokenizer = try Tokenizer(directory: "gpt2")
///     let tokens = tokenizer.encode("Hello, world")          // [15496, 11, 995]
///     String(decoding: try tokenizer.decode(tokens), as: UTF8.self)
///
/// Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), and its `encoder.py`.
public struct Tokenizer: Sendable {
    let vocabulary: Vocabulary

    init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
    }

    /// The number of tokens, added ones included.
    public var vocabularySize: Int { vocabulary.tokens.count }

    /// The token `<|endoftext|>`, if the vocabulary has it as a special token.
    public var endOfText: TokenID? { vocabulary.endOfText }

    /// Whether each token is a character, so that text can hold what there is no token for.
    public var isCharacterLevel: Bool { vocabulary.isCharacterLevel }

    /// Whether a token is one that text never becomes unless `allowSpecial` says so.
    public func isSpecial(_ token: TokenID) -> Bool { vocabulary.added.special.contains(token) }

    // MARK: Encoding

    /// Turns text into tokens.
    ///
    /// - Parameters:
    ///   - text: taken as its UTF-8, not normalised.
    ///   - allowSpecial: whether special tokens that are spelled out in the text become tokens; if not, they are text.
    public func encode(_ text: String, allowSpecial: Bool = false) -> [TokenID] {
        var text = text
        return text.withUTF8 { encode($0, allowSpecial: allowSpecial) }
    }

    /// Turns bytes into tokens.
    ///
    /// Cuts are made as if each byte that is not part of valid UTF-8 were U+FFFD; the bytes themselves are kept.
    ///
    /// - Parameters:
    ///   - bytes: any bytes.
    ///   - allowSpecial: whether special tokens that are spelled out in the text become tokens; if not, they are text.
    public func encode(utf8 bytes: some Collection<UInt8>, allowSpecial: Bool = false) -> [TokenID] {
        bytes.withContiguousStorageIfAvailable { encode($0, allowSpecial: allowSpecial) }
            ?? Array(bytes).withUnsafeBufferPointer { encode($0, allowSpecial: allowSpecial) }
    }

    private func encode(_ text: UnsafeBufferPointer<UInt8>, allowSpecial: Bool) -> [TokenID] {
        switch vocabulary.model {
        case .bytePairs(let table, let merges):
            encode(text, with: BytePairEncoder(table, merges, expectedBytes: text.count), allowSpecial: allowSpecial)
        case .characters(let table):
            encode(text, with: CharacterEncoder(table, expectedBytes: text.count), allowSpecial: allowSpecial)
        }
    }

    private func encode(
        _ text: UnsafeBufferPointer<UInt8>, with encoder: consuming some TextEncoder, allowSpecial: Bool
    ) -> [TokenID] {
        var start = 0
        while start < text.count {
            let match = vocabulary.added.firstMatch(in: text, from: start, allowSpecial: allowSpecial)
            encoder.encode(UnsafeBufferPointer(rebasing: text[start..<(match?.range.lowerBound ?? text.count)]))
            if let match { encoder.append(match.token) }
            start = match?.range.upperBound ?? text.count
        }
        return encoder.output
    }

    // MARK: Decoding

    /// Turns tokens into the bytes that they stand for. They need not be valid UTF-8: a token can end inside a character.
    ///
    /// - Throws: ``InputError`` of kind `usage` for a token outside the vocabulary.
    public func decode(_ tokens: some Sequence<TokenID>) throws(InputError) -> [UInt8] {
        var bytes: [UInt8] = []
        for token in tokens {
            guard appendBytes(of: token, to: &bytes) else {
                throw InputError(
                    .usage, "the token \(token) is outside the vocabulary of \(vocabularySize) tokens",
                    advice: "Use tokens from 0 to \(vocabularySize - 1)")
            }
        }
        return bytes
    }

    /// The bytes of one token, or nil if it is outside the vocabulary.
    public func bytes(of token: TokenID) -> [UInt8]? {
        var bytes: [UInt8] = []
        return appendBytes(of: token, to: &bytes) ? bytes : nil
    }

    /// Appends the bytes of a token.
    ///
    /// - Returns: false, having done nothing, if it is outside the vocabulary.
    public func appendBytes(of token: TokenID, to bytes: inout [UInt8]) -> Bool {
        guard token >= 0, token < vocabularySize else { return false }
        vocabulary.tokens.withBytes(of: token) { bytes += $0 }
        return true
    }
}
