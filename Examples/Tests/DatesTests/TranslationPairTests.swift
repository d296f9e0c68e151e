import Runtime
import Testing
import dates

@Suite("What is trained on and what is held out")
struct TranslationPairTests {
    private func pairs(_ count: Int, heldOut: Bool, seed: UInt64 = 1) -> [TranslationPair] {
        var random = PhiloxGenerator(seed: seed)
        return (0..<count).map { _ in TranslationPair.random(heldOut: heldOut, using: &random) }
    }

    @Test("a pair follows from the seed") func seeds() {
        #expect(pairs(50, heldOut: false) == pairs(50, heldOut: false))
        #expect(pairs(50, heldOut: false) != pairs(50, heldOut: false, seed: 2))
    }

    @Test("training has no date and no number that is held out, and the test no other") func answersAreApart() {
        for isHeldOut in [false, true] {
            let misplaced = pairs(1000, heldOut: isHeldOut).filter { pair in
                let parts = pair.target.split(separator: "-").compactMap { Int($0) }
                return isHeldOut
                    != (parts.count == 1
                        ? NumberForm.holdsOut(parts[0]) : CalendarDate(parts[0], parts[1], parts[2]).isHeldOut)
            }
            #expect(misplaced.isEmpty)
        }
    }

    @Test("the forms of the two are apart") func formsAreApart() {
        // One date in every form, so that a text stands for its form.
        let date = CalendarDate(1999, 5, 3)
        let texts = [false, true].map { isHeldOut in
            Set(DateForm.all.filter { $0.isHeldOut == isHeldOut }.compactMap { $0.text(date) })
        }
        #expect(texts[0].isDisjoint(with: texts[1]))
        let share = Double(texts[1].count) / Double(texts[0].count + texts[1].count)
        #expect(share > 0.08 && share < 0.12, "\(share) of the forms are held out")
    }

    @Test("of the few ways to write a number, training has every style and most wordings, the test others")
    func numberForms() {
        let forms = NumberForm.Style.allCases.flatMap { style in Wording.all.map { NumberForm(style, wording: $0) } }
            .filter { form in [121, 1121].contains { form.text($0) != nil } }
        let (heldOut, trained) = (forms.filter(\.isHeldOut), forms.filter { !$0.isHeldOut })
        #expect(heldOut.count >= 2 && heldOut.count < trained.count / 3)
        #expect(Set(trained.map(\.style)) == Set(NumberForm.Style.allCases))
        #expect(Set(trained.map(\.wording.letters)) == Set([.asWritten, .upper]))
    }

    @Test("a tenth of the dates is held out") func shareOfDates() {
        var count = 0
        for year in 1600..<2200 {
            for month in 1...12 { count += (1...28).count { CalendarDate(year, month, $0).isHeldOut } }
        }
        #expect(abs(Double(count) / (600 * 12 * 28) - 0.1) < 0.005)
    }

    @Test("whatever a held-out form is made of, training has it in other forms", arguments: DateForm.Frame.allCases)
    func everyPartIsTrained(frame: DateForm.Frame) {
        // Dates that between them can be written in every way that the frame has.
        let dates = [
            CalendarDate(1999, 9, 23), CalendarDate(2104, 2, 29), CalendarDate(1721, 12, 31), CalendarDate(1821, 9, 9),
        ]
        let forms = DateForm.all.filter { form in form.frame == frame && dates.contains { form.text($0) != nil } }
        let (heldOut, trained) = (forms.filter(\.isHeldOut), forms.filter { !$0.isHeldOut })
        #expect(!heldOut.isEmpty)
        #expect(Set(heldOut.map(\.weekday)).isSubset(of: trained.map(\.weekday)))
        #expect(Set(heldOut.map(\.day)).isSubset(of: trained.map(\.day)))
        #expect(Set(heldOut.map(\.month)).isSubset(of: trained.map(\.month)))
        #expect(Set(heldOut.map(\.year)).isSubset(of: trained.map(\.year)))
        #expect(Set(heldOut.map(\.wording.letters)).isSubset(of: trained.map(\.wording.letters)))
    }

    @Test("the alphabets have every character, and no phrase is too long") func alphabets() throws {
        for pair in pairs(10_000, heldOut: false) + pairs(1000, heldOut: true) {
            _ = try Alphabet.source.encode(phrase: pair.source)
            let target = Alphabet.target.decode(try Alphabet.target.encode(pair.target))
            if target != pair.target || target.count > 10 { Issue.record("\(pair)") }
        }
    }

    @Test("dates come in every frame, numbers in every length") func variety() {
        let pairs = pairs(2000, heldOut: false)
        let numbers = pairs.filter { !$0.target.contains("-") }
        #expect(numbers.count > 250 && numbers.count < 420)
        #expect(Set(numbers.map(\.target.count)) == [1, 2, 3, 4, 5])
        for part in ["the last day of ", "Christmas", "/", "in the year", "day of", " the ", "MON"] {
            #expect(pairs.contains { $0.source.contains(part) }, "\(part)")
        }
    }
}
