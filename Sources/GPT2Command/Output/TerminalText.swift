extension String {
    /// How many columns of a terminal the text takes.
    var terminalWidth: Int { reduce(0) { $0 + $1.terminalWidth } }

    /// The text with a visible sign for each character that a terminal would act upon, but for newlines and tabs: what a
    /// model says must not move the cursor or change the colours.
    var harmless: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\n" || $0 == "\t" ? $0 : $0.visible }))
    }

    /// The text on one line, with visible white space at its ends: for a cell of a table.
    var cell: String {
        let scalars = unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar {
            case "\n": "↵"
            case " ": "·"
            default: scalar.visible
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}

extension Unicode.Scalar {
    /// The sign for a control character from the block Control Pictures, U+FFFD for those that have none.
    fileprivate var visible: Unicode.Scalar {
        switch value {
        case 0...0x1F: Unicode.Scalar(0x2400 + value) ?? "\u{FFFD}"
        case 0x7F: "\u{2421}"
        // C1 controls, line and paragraph separators, and what turns the direction of text.
        case 0x80...0x9F, 0x2028...0x202E, 0x2066...0x2069: "\u{FFFD}"
        default: self
        }
    }
}

extension Character {
    /// How many columns of a terminal the character takes: that of its widest part, as a terminal composes it.
    var terminalWidth: Int {
        if let ascii = asciiValue { return ascii < 0x20 || ascii == 0x7F ? 0 : 1 }
        let isEmoji = unicodeScalars.contains("\u{FE0F}")
        return isEmoji ? 2 : unicodeScalars.map(\.terminalWidth).max() ?? 0
    }
}

extension Unicode.Scalar {
    fileprivate var terminalWidth: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: 0
        default: properties.isEmojiPresentation || Self.wide.contains { $0.contains(value) } ? 2 : 1
        }
    }

    /// Blocks whose characters are wide (Unicode Standard Annex 11), emoji aside.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F,  // Hangul initial consonants
        0x2E80...0x303E, 0x3041...0xA4CF,  // CJK radicals to Yi
        0xA960...0xA97F, 0xAC00...0xD7A3,  // Hangul
        0xF900...0xFAFF, 0xFE30...0xFE6F,  // CJK compatibility
        0xFF01...0xFF60, 0xFFE0...0xFFE6,  // full width forms
        0x1B000...0x1B2FF, 0x20000...0x3FFFD,  // Kana supplement, CJK extensions
    ]
}
