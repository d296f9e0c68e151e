public import Files

/// The characters that occur in texts, to make a tokenizer of: each Unicode scalar becomes a token, in the order of code
/// points.
///
///     var characters = CharacterVocabulary()
///     characters.insert("to be or not to be")
///     let tokenizer = try characters.tokenizer()
///     tokenizer.encode("note")                    // [3, 4, 6, 2]
///
/// Source: `data/shakespeare_char/prepare.py` of nanoGPT.
public struct CharacterVocabulary: Sendable {
    /// A bit for each code point.
    private var seen = [UInt64](repeating: 0, count: 0x110000 / 64)

    public init() {}

    /// Adds the characters of a text.
    public mutating func insert(_ text: String) {
        var text = text
        _ = text.withUTF8 { insert($0) }
    }

    /// Adds the characters of another vocabulary.
    public mutating func formUnion(_ other: CharacterVocabulary) {
        for index in seen.indices { seen[index] |= other.seen[index] }
    }

    /// Adds the characters of a text.
    ///
    /// - Returns: the offset of the first byte that is not part of well-formed UTF-8, where adding stopped; nil if all is.
    package mutating func insert(_ text: UnsafeRawBufferPointer) -> Int? {
        text.withMemoryRebound(to: UInt8.self) { insert($0) }
    }

    private mutating func insert(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var position = 0
        while position < text.count {
            let length = UTF8Sequence.length(in: text, at: position)
            guard length > 0 else { return position }
            let scalar = UTF8Sequence.scalar(in: text, at: position, length: length)
            seen[Int(scalar >> 6)] |= 1 << UInt64(scalar & 63)
            position += length
        }
        return nil
    }

    /// Makes the tokenizer.
    ///
    /// - Parameter endOfText: whether `<|endoftext|>` follows the characters as a special token.
    /// - Throws: ``InputError`` of kind `data` if there are no characters.
    public func tokenizer(endOfText: Bool = false) throws(InputError) -> Tokenizer {
        var source = VocabularySource()
        for (index, bits) in seen.enumerated() where bits != 0 {
            for bit in 0..<64 where bits >> UInt64(bit) & 1 != 0 {
                guard let scalar = Unicode.Scalar(UInt32(index * 64 + bit)) else { continue }
                let text = source.append(Array(UTF8.encode(scalar) ?? .init()))
                source.entries.append(.init(text: text, id: source.entries.count))
            }
        }
        guard !source.entries.isEmpty else {
            throw InputError(
                .data, "there are no characters to make tokens of", advice: "Give a text that is not empty")
        }
        if endOfText {
            let text = source.append(Vocabulary.endOfTextName.utf8)
            source.added.append(.init(text: text, id: source.entries.count, isSpecial: true))
        }
        return Tokenizer(try CharacterVocabularyBuilder(source, place: "the characters of the text").build())
    }
}
