internal import Files

/// Cuts bytes into the pieces within which tokens are formed, as GPT-2's pattern does:
///
///     '(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// Every byte belongs to exactly one piece. A byte that is not part of valid UTF-8 counts as a character of its own, of
/// class ``CharacterClass/other``, so the cuts are those of the text with U+FFFD in its place.
///
/// Source: `encoder.py` of OpenAI's GPT-2 release.
struct Pretokenizer {
    private let text: UnsafeBufferPointer<UInt8>
    private let table = CharacterClassTable.unicode

    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    /// The end of the piece that starts at `start`, an offset inside the text.
    func end(ofPieceAt start: Int) -> Int {
        switch text[start] {
        case UInt8(ascii: "'"):
            return endOfContraction(at: start) ?? endOfRun(of: .other, from: start)
        case UInt8(ascii: " "):
            guard start + 1 < text.count else { return start + 1 }
            let (following, length) = character(at: start + 1)
            // A space belongs to the word after it.
            if following != .space { return endOfRun(of: following, from: start + 1 + length) }
            return endOfSpace(at: start)
        default:
            let (first, length) = character(at: start)
            return first == .space ? endOfSpace(at: start) : endOfRun(of: first, from: start + length)
        }
    }

    /// Whether text can be cut at `position`, inside it, so that both parts have the pieces of the whole.
    ///
    /// That is so where the class of characters changes, whatever comes before and after, but for two cases: white space
    /// may belong to what follows it, and an apostrophe to letters that follow it.
    func isCut(at position: Int) -> Bool {
        // Any other byte starts a character.
        if text[position] & 0xC0 == 0x80 { return false }
        let before = characterClass(before: position)
        if before == .space || before == character(at: position).class { return false }
        return text[position - 1] != UInt8(ascii: "'") || character(at: position).class != .letter
    }

    /// The class of the character that ends at `position`, where another one starts.
    private func characterClass(before position: Int) -> CharacterClass {
        var start = position - 1
        while start > 0, position - start < 4, text[start] & 0xC0 == 0x80 { start -= 1 }
        let (found, length) = character(at: start)
        // Else the last byte is not part of valid UTF-8.
        return start + length == position ? found : .other
    }

    private func endOfContraction(at start: Int) -> Int? {
        guard start + 1 < text.count else { return nil }
        switch text[start + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "d"), UInt8(ascii: "m"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "l"):
            return start + 2 < text.count && text[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
        case UInt8(ascii: "v"), UInt8(ascii: "r"):
            return start + 2 < text.count && text[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
        default:
            return nil
        }
    }

    private func endOfRun(of runClass: CharacterClass, from start: Int) -> Int {
        var position = start
        while position < text.count {
            let (characterClass, length) = character(at: position)
            guard characterClass == runClass else { break }
            position += length
        }
        return position
    }

    /// The last character of white space is left to what follows it, unless nothing does or there is no other.
    private func endOfSpace(at start: Int) -> Int {
        var position = start
        var last = start
        while position < text.count {
            let (characterClass, length) = character(at: position)
            guard characterClass == .space else { return last == start ? position : last }
            last = position
            position += length
        }
        return position
    }

    @inline(__always)
    private func character(at position: Int) -> (class: CharacterClass, length: Int) {
        let byte = text[position]
        return byte < 0x80 ? (table.classes[Int(byte)], 1) : multibyteCharacter(at: position)
    }

    private func multibyteCharacter(at position: Int) -> (class: CharacterClass, length: Int) {
        let length = UTF8Sequence.length(in: text, at: position)
        guard length > 1 else { return (.other, 1) }
        return (table[UTF8Sequence.scalar(in: text, at: position, length: length)], length)
    }
}
