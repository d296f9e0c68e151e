/// GPT-2's way to write bytes as visible characters in its vocabulary files.
///
/// The bytes of printable Latin-1 characters stand for themselves; the other 68 become U+0100 to U+0143, in order. A
/// space is "Ġ", a newline "Ċ".
///
/// Source: `bytes_to_unicode` in `encoder.py` of OpenAI's GPT-2 release.
enum ByteLevelAlphabet {
    /// The character for every byte.
    static let characters: [Unicode.Scalar] = {
        var moved: UInt32 = 0x100
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
            default:
                defer { moved += 1 }
                return Unicode.Scalar(moved) ?? "\u{FFFD}"
            }
        }
    }()

    /// The byte for every character up to U+0143, or -1.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        for (byte, character) in characters.enumerated() { bytes[Int(character.value)] = Int16(byte) }
        return bytes
    }()

    /// Appends the bytes that a text in this alphabet stands for.
    ///
    /// - Returns: false if the text holds another character or is not valid UTF-8.
    static func append(bytesWrittenAs text: ArraySlice<UInt8>, to result: inout [UInt8]) -> Bool {
        var position = text.startIndex
        while position < text.endIndex {
            var character = Int(text[position])
            position += 1
            // All of the alphabet beyond ASCII, U+00A1 to U+0143, takes two bytes.
            if character >= 0x80 {
                guard character & 0xE0 == 0xC0, position < text.endIndex, text[position] & 0xC0 == 0x80 else {
                    return false
                }
                character = (character & 0x1F) << 6 | Int(text[position] & 0x3F)
                position += 1
                guard character >= 0x80 else { return false }
            }
            guard character < bytes.count, bytes[character] >= 0 else { return false }
            result.append(UInt8(truncatingIfNeeded: bytes[character]))
        }
        return true
    }
}
