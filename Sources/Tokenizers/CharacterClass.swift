/// The kinds of characters that GPT-2's pattern tells apart: `\p{L}`, `\p{N}`, `\s` and everything else.
enum CharacterClass: UInt8, Sendable {
    /// Also what a byte that is not part of valid UTF-8 belongs to, just as U+FFFD does, which stands for it in text.
    case other
    case letter
    case number
    case space
}

/// The class of every code point, in blocks of 128 of which equal ones are stored once.
struct CharacterClassTable: Sendable {
    static let unicode = CharacterClassTable()

    static let blockBits: UInt32 = 7

    /// For every 128 code points, where their classes start in ``classes``. ASCII starts at 0.
    let blockStarts: [UInt16]
    let classes: [CharacterClass]

    private init() {
        var flat = [CharacterClass](repeating: .other, count: 0x110000)
        for (ranges, characterClass) in [
            (UnicodeRanges.letters, CharacterClass.letter), (UnicodeRanges.numbers, .number),
            (UnicodeRanges.whiteSpace, .space),
        ] {
            for range in ranges {
                for codePoint in range.first...range.last { flat[Int(codePoint)] = characterClass }
            }
        }

        let blockSize = 1 << Int(Self.blockBits)
        var starts: [UInt16] = []
        var classes: [CharacterClass] = []
        var known: [ArraySlice<CharacterClass>: UInt16] = [:]
        for first in stride(from: 0, to: flat.count, by: blockSize) {
            let block = flat[first..<first + blockSize]
            if let start = known[block] {
                starts.append(start)
            } else {
                let start = UInt16(classes.count)
                known[block] = start
                starts.append(start)
                classes += block
            }
        }
        blockStarts = starts
        self.classes = classes
    }

    subscript(scalar: UInt32) -> CharacterClass {
        classes[Int(blockStarts[Int(scalar >> Self.blockBits)]) + Int(scalar & (1 << Self.blockBits - 1))]
    }
}
