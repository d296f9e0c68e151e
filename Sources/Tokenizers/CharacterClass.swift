/// The kinds of characters that GPT-2's pattern tells apart: `\p{L}`, `\p{N}`, `\s` and everything else.
enum CharacterClass: UInt8, Sendable {
    /// Also what a byte that is not part of valid UTF-8 belongs to, just as U+FFFD does, which stands for it in text.
    case other
    case letter
    case number
    case space
}

/// The class of every code point, in blocks of 128; those of a single class are stored once.
struct CharacterClassTable: Sendable {
    static let unicode = CharacterClassTable()

    static let blockBits: UInt32 = 7

    /// For every 128 code points, where their classes start in ``classes``. ASCII starts at 0.
    let blockStarts: [UInt16]
    let classes: [CharacterClass]

    private init() {
        let blockSize = 1 << Int(Self.blockBits)
        // ASCII's own block, then one for each class that blocks of nothing else share.
        var classes = [CharacterClass](repeating: .other, count: blockSize)
        for shared in [CharacterClass.other, .letter, .number, .space] {
            classes += repeatElement(shared, count: blockSize)
        }
        func sharedStart(_ characterClass: CharacterClass) -> UInt16 {
            UInt16((1 + Int(characterClass.rawValue)) * blockSize)
        }
        var starts = [UInt16](repeating: sharedStart(.other), count: 0x110000 / blockSize)
        starts[0] = 0

        for (ranges, characterClass) in [
            (UnicodeRanges.letters, CharacterClass.letter), (UnicodeRanges.numbers, .number),
            (UnicodeRanges.whiteSpace, .space),
        ] {
            for range in ranges {
                let (first, last) = (Int(range.first), Int(range.last))
                for block in first / blockSize...last / blockSize {
                    let inside = max(first, block * blockSize)...min(last, (block + 1) * blockSize - 1)
                    if inside.count == blockSize {
                        starts[block] = sharedStart(characterClass)
                        continue
                    }
                    if starts[block] == sharedStart(.other) {
                        starts[block] = UInt16(classes.count)
                        classes += repeatElement(.other, count: blockSize)
                    }
                    for codePoint in inside { classes[Int(starts[block]) + codePoint % blockSize] = characterClass }
                }
            }
        }
        blockStarts = starts
        self.classes = classes
    }

    subscript(scalar: UInt32) -> CharacterClass {
        classes[Int(blockStarts[Int(scalar >> Self.blockBits)]) + Int(scalar & (1 << Self.blockBits - 1))]
    }
}
