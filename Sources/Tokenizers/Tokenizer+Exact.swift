package import Files

extension Tokenizer {
    /// Turns bytes into tokens, of which decoding gives the same bytes back.
    ///
    /// - Parameters:
    ///   - bytes: any bytes, if tokens are byte pairs; else characters that the vocabulary has.
    ///   - place: what errors call the text.
    ///   - offset: where in it the bytes start.
    ///   - allowSpecial: whether special tokens that are spelled out in the text become tokens.
    /// - Throws: ``InputError`` of kind `data` for a character that has no token.
    package func encodeExactly(
        _ bytes: UnsafeRawBufferPointer, in place: String, at offset: Int = 0, allowSpecial: Bool = false
    ) throws(InputError) -> [TokenID] {
        if isCharacterLevel, let unknown = firstUnknown(in: bytes, allowSpecial: allowSpecial) {
            // What is not UTF-8 comes as one byte, and a single byte above ASCII is no character.
            let first = bytes[unknown.lowerBound]
            let name =
                unknown.count == 1 && first >= 0x80
                ? "the byte \(String(first, radix: 16, uppercase: true)), which is not UTF-8,"
                : "the character \(String(decoding: bytes[unknown], as: UTF8.self).quoted)"
            throw InputError(
                .data,
                "\(name) at byte \(offset + unknown.lowerBound) has no token; the vocabulary has \(vocabularySize) characters",
                in: place, advice: "Leave it out, or use a model whose tokens are byte pairs")
        }
        return encode(utf8: bytes, allowSpecial: allowSpecial)
    }

    /// Turns bytes into tokens, of which decoding gives the same bytes back.
    package func encodeExactly(
        _ bytes: [UInt8], in place: String, allowSpecial: Bool = false
    ) throws(InputError) -> [TokenID] {
        try bytes.withUnsafeBufferPointer { bytes throws(InputError) in
            try encodeExactly(UnsafeRawBufferPointer(bytes), in: place, allowSpecial: allowSpecial)
        }
    }

    /// The first part of a text that encoding with characters leaves out: one that has no token, or a byte that is not
    /// UTF-8.
    private func firstUnknown(in bytes: UnsafeRawBufferPointer, allowSpecial: Bool) -> Range<Int>? {
        guard case .characters(let table) = vocabulary.model else { return nil }
        return bytes.withMemoryRebound(to: UInt8.self) { text in
            var start = 0
            while start < text.count {
                let match = vocabulary.added.firstMatch(in: text, from: start, allowSpecial: allowSpecial)
                let end = match?.range.lowerBound ?? text.count
                if let unknown = table.firstUnknown(in: UnsafeBufferPointer(rebasing: text[start..<end])) {
                    return unknown.lowerBound + start..<unknown.upperBound + start
                }
                start = match?.range.upperBound ?? text.count
            }
            return nil
        }
    }
}
