package import Runtime

/// A phrase and what it is in digits: "the third of May, 1999" and "1999-05-03", or "two hundred and five" and "205".
package struct TranslationPair: Hashable {
    package let source: String
    package let target: String

    package init(_ source: String, _ target: String) {
        self.source = source
        self.target = target
    }

    /// The longest phrase, in characters, that ``random(heldOut:using:)`` makes.
    static let longestSource = 110

    /// A date or, one time in six, a number.
    ///
    /// A tenth of all dates, of all numbers and of all forms are never trained on.
    ///
    /// - Parameter heldOut: whether both the date or number and the form are held out, or else neither.
    package static func random(heldOut: Bool, using random: inout PhiloxGenerator) -> TranslationPair {
        Int.random(in: 0..<6, using: &random) == 0
            ? number(heldOut: heldOut, using: &random) : date(heldOut: heldOut, using: &random)
    }

    private static func date(heldOut: Bool, using random: inout PhiloxGenerator) -> TranslationPair {
        // Drawn before the rest, so that a frame in which little else makes sense comes as often as the others.
        let frame = DateForm.Frame.random(using: &random)
        while true {
            let form = DateForm.random(frame, using: &random)
            let date = form.randomDate(using: &random)
            if let text = form.text(date), date.isHeldOut == heldOut, form.isHeldOut == heldOut {
                return TranslationPair(text, date.iso)
            }
        }
    }

    private static func number(heldOut: Bool, using random: inout PhiloxGenerator) -> TranslationPair {
        while true {
            // As many short numbers as long ones.
            let bound = [10, 100, 1000, 10_000, 100_000][.random(in: 0..<5, using: &random)]
            let form = NumberForm.random(using: &random)
            let number = Int.random(in: 0..<bound, using: &random)
            if let text = form.text(number), NumberForm.holdsOut(number) == heldOut, form.isHeldOut == heldOut {
                return TranslationPair(text, String(number))
            }
        }
    }
}

extension CalendarDate {
    /// Whether training never sees the date.
    package var isHeldOut: Bool { PhiloxGenerator.choosesTenth(year * 10_000 + month * 100 + day) }
}

extension DateForm {
    /// Whether training never sees the form.
    package var isHeldOut: Bool {
        let choices = [frame.index, weekday.index, day.index, month.index, year.index, wording.index]
        return PhiloxGenerator.choosesTenth(choices.reduce(1) { $0 << 5 | $1 })
    }
}

extension NumberForm {
    /// Whether training never sees the form.
    package var isHeldOut: Bool { PhiloxGenerator.choosesTenth(3 << 10 | style.index << 5 | wording.index) }

    /// Whether training never sees the number. Those below 100 it needs, to learn the words.
    package static func holdsOut(_ number: Int) -> Bool {
        number >= 100 && PhiloxGenerator.choosesTenth(number)
    }
}

extension Wording {
    fileprivate var index: Int {
        (hyphens ? 1 : 0) | (and ? 2 : 0) | (commas ? 4 : 0) | letters.index << 3
    }
}

extension CaseIterable where Self: Equatable {
    fileprivate var index: Int { Array(Self.allCases).firstIndex(of: self) ?? 0 }
}

extension PhiloxGenerator {
    /// True for a tenth of all keys, whatever the seed of a run.
    fileprivate static func choosesTenth(_ key: Int) -> Bool {
        var random = PhiloxGenerator(seed: 0, stream: UInt64(key))
        return random.next() % 10 == 0
    }
}
