internal import Files

/// A token for each character of a vocabulary, found by its code point.
struct CharacterTable: Sendable {
    private static let unknown: Int32 = -1

    private var ascii = [Int32](repeating: unknown, count: 128)
    private var others: [UInt32: Int32] = [:]

    /// - Returns: false if the character has a token already.
    mutating func insert(_ scalar: UInt32, _ token: Int32) -> Bool {
        guard self.token(scalar) == Self.unknown else { return false }
        if scalar < 128 { ascii[Int(scalar)] = token } else { others[scalar] = token }
        return true
    }

    /// The token, or -1.
    @inline(__always)
    func token(_ scalar: UInt32) -> Int32 {
        scalar < 128 ? ascii[Int(scalar)] : others[scalar] ?? Self.unknown
    }

    /// The first character, or byte that belongs to none, for which there is no token.
    func firstUnknown(in text: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        var position = 0
        while position < text.count {
            let length = UTF8Sequence.length(in: text, at: position)
            guard length > 0 else { return position..<position + 1 }
            let scalar = UTF8Sequence.scalar(in: text, at: position, length: length)
            if token(scalar) == Self.unknown { return position..<position + length }
            position += length
        }
        return nil
    }
}

/// One pass of encoding with a token for each character. What has no token is left out, as Hugging Face tokenizers does.
struct CharacterEncoder: TextEncoder {
    private let table: CharacterTable
    private(set) var output: [TokenID] = []

    init(_ table: CharacterTable, expectedBytes: Int) {
        self.table = table
        output.reserveCapacity(expectedBytes)
    }

    mutating func append(_ token: TokenID) {
        output.append(token)
    }

    mutating func encode(_ text: UnsafeBufferPointer<UInt8>) {
        var position = 0
        while position < text.count {
            // A byte that is part of no character has no token either.
            let length = UTF8Sequence.length(in: text, at: position)
            if length > 0 {
                let token = table.token(UTF8Sequence.scalar(in: text, at: position, length: length))
                if token >= 0 { output.append(Int(token)) }
            }
            position += max(length, 1)
        }
    }
}
