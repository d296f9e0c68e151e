/// One way of writing a number from 0 to 99,999.
package struct NumberForm: Hashable {
    package var style: Style
    package var wording: Wording

    package enum Style: CaseIterable {
        /// "one hundred and five"
        case words
        /// "a hundred and five"
        case wordsWithA
        /// "One hundred and five"
        case capitalized
        /// "12,345"
        case grouped
    }

    package init(_ style: Style, wording: Wording = Wording()) {
        self.style = style
        self.wording = wording
    }

    static func random(using random: inout some RandomNumberGenerator) -> NumberForm {
        NumberForm(.random(using: &random), wording: .random(using: &random))
    }

    /// The number in this form; nil where the form makes no sense for it, or where another form says the same.
    package func text(_ number: Int) -> String? {
        // Without its comma a number in digits says nothing in words; and letters in capitals have lost their first.
        if style == .grouped && !wording.commas || style == .capitalized && wording.letters != .asWritten { return nil }
        return phrase(number).flatMap(wording.applied)
    }

    private func phrase(_ number: Int) -> String? {
        let words = NumberWords.cardinal(number)
        switch style {
        case .words: return words
        case .wordsWithA: return words.hasPrefix("one ") ? "a " + words.dropFirst(4) : nil
        case .capitalized: return words.prefix(1).uppercased() + words.dropFirst()
        case .grouped: return NumberWords.grouped(number)
        }
    }
}
