/// Well-formed UTF-8 sequences: table 3-7 of the Unicode standard.
package enum UTF8Sequence {
    /// The number of bytes that a sequence with this first byte has, or 0 if none starts with it, and the range of its
    /// second byte. The bytes after that are 80 to BF.
    @inlinable package static func shape(_ first: UInt8) -> (length: Int, second: ClosedRange<UInt8>) {
        switch first {
        case 0x00...0x7F: (1, 0x80...0xBF)
        case 0xC2...0xDF: (2, 0x80...0xBF)
        case 0xE0: (3, 0xA0...0xBF)
        case 0xED: (3, 0x80...0x9F)
        case 0xE1...0xEF: (3, 0x80...0xBF)
        case 0xF0: (4, 0x90...0xBF)
        case 0xF1...0xF3: (4, 0x80...0xBF)
        case 0xF4: (4, 0x80...0x8F)
        default: (0, 0x80...0xBF)
        }
    }

    /// The length of the well-formed sequence at `position`, or 0 if there is none.
    @inlinable @inline(__always)
    package static func length(in text: UnsafeBufferPointer<UInt8>, at position: Int) -> Int {
        let (length, second) = shape(text[position])
        guard position + length <= text.count else { return 0 }
        if length > 1 {
            guard second.contains(text[position + 1]) else { return 0 }
            if length > 2 {
                for offset in 2..<length where text[position + offset] & 0xC0 != 0x80 { return 0 }
            }
        }
        return length
    }

    /// The code point of a well-formed sequence, whose length is known.
    @inlinable @inline(__always)
    package static func scalar(in text: UnsafeBufferPointer<UInt8>, at position: Int, length: Int) -> UInt32 {
        if length == 1 { return UInt32(text[position]) }
        // The first byte of a sequence of n bytes has 7 - n bits of the scalar, the others six each.
        var scalar = UInt32(text[position]) & (0x7F >> UInt32(length))
        for offset in 1..<length { scalar = scalar << 6 | UInt32(text[position + offset] & 0x3F) }
        return scalar
    }

    /// The offset of the first byte that is not part of a well-formed sequence.
    package static func firstFault(in text: UnsafeBufferPointer<UInt8>) -> Int? {
        let raw = UnsafeRawBufferPointer(text)
        var position = 0
        while position < text.count {
            while position + 8 <= text.count,
                raw.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                position += 8
            }
            guard position < text.count else { return nil }
            let length = length(in: text, at: position)
            if length == 0 { return position }
            position += length
        }
        return nil
    }

    /// The number of bytes at the end that begin a sequence which more bytes could complete: 0 to 3.
    package static func incompleteSuffix(of bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let start = bytes.count - count
            let (length, second) = shape(bytes[start])
            if length == 0 && bytes[start] & 0xC0 == 0x80 { continue }
            guard length > count else { return 0 }
            return count == 1 || second.contains(bytes[start + 1]) ? count : 0
        }
        return 0
    }
}
