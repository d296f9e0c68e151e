/// GPT-2's way to write bytes as visible characters in its vocabulary files.
///
/// The bytes of printable Latin-1 characters stand for themselves; the other 68 become U+0100 to U+0143, in order. A
/// space is "Ġ", a newline "Ċ".
///
/// Source: `bytes_to_unicode` in `encoder.py` of OpenAI's GPT-2 release.
struct ByteLevelAlphabet {
    /// The code point for every byte.
    let codePoints: [UInt16]
    /// The byte for every code point up to U+0143, or -1.
    private let bytes: [Int16]

    init() {
        var moved: UInt16 = 0x100
        var codePoints: [UInt16] = []
        var bytes = [Int16](repeating: -1, count: 0x144)
        for byte in UInt8.min...UInt8.max {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                codePoints.append(UInt16(byte))
            default:
                codePoints.append(moved)
                moved += 1
            }
            bytes[Int(codePoints[Int(byte)])] = Int16(byte)
        }
        self.codePoints = codePoints
        self.bytes = bytes
    }

    /// The bytes in the order of their code points: that of the first 256 tokens of GPT-2.
    var bytesByRank: [UInt8] {
        (UInt8.min...UInt8.max).sorted { codePoints[Int($0)] < codePoints[Int($1)] }
    }

    /// For every byte its place in ``bytesByRank``.
    var ranks: [UInt32] {
        var ranks = [UInt32](repeating: 0, count: 256)
        for (rank, byte) in bytesByRank.enumerated() { ranks[Int(byte)] = UInt32(rank) }
        return ranks
    }

    /// How a byte is written, in UTF-8.
    func text(of byte: UInt8) -> [UInt8] {
        let codePoint = codePoints[Int(byte)]
        return codePoint < 0x80 ? [UInt8(codePoint)] : [UInt8(0xC0 | codePoint >> 6), UInt8(0x80 | codePoint & 0x3F)]
    }

    /// Appends the bytes that a part of a text stands for in this alphabet.
    ///
    /// - Returns: false if it holds another character or is not valid UTF-8; what was appended then means nothing.
    func append(_ range: Range<Int>, of text: [UInt8], to result: inout [UInt8]) -> Bool {
        let start = result.count
        text.withUnsafeBufferPointer { result += UnsafeBufferPointer(rebasing: $0[range]) }
        guard let end = result.withUnsafeMutableBufferPointer({ translate($0, from: start) }) else { return false }
        result.removeLast(result.count - end)
        return true
    }

    /// Turns what follows an offset into the bytes that it stands for, which are never more.
    ///
    /// - Returns: where they end, or nil.
    private func translate(_ text: UnsafeMutableBufferPointer<UInt8>, from start: Int) -> Int? {
        var position = start
        var end = start
        while position < text.count {
            var character = Int(text[position])
            position += 1
            // All of the alphabet beyond ASCII, U+00A1 to U+0143, takes two bytes.
            if character >= 0x80 {
                guard character & 0xE0 == 0xC0, position < text.count, text[position] & 0xC0 == 0x80 else { return nil }
                character = (character & 0x1F) << 6 | Int(text[position] & 0x3F)
                position += 1
                guard character >= 0x80 else { return nil }
            }
            guard character < bytes.count, bytes[character] >= 0 else { return nil }
            text[end] = UInt8(truncatingIfNeeded: bytes[character])
            end += 1
        }
        return end
    }
}
