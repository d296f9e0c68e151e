import Foundation
import Testing
import dates

@Suite("Numbers in words")
struct NumberTests {
    @Test("cardinals are those of Foundation, which leaves out \"and\"") func cardinals() throws {
        let formatter = NumberFormatter()
        formatter.locale = Locale(identifier: "en_US")
        formatter.numberStyle = .spellOut
        for number in Array(0..<3000) + stride(from: 3001, to: 1_000_000, by: 997) {
            let expected = try #require(formatter.string(from: NSNumber(value: number)))
            if NumberWords.cardinal(number).replacing(" and ", with: " ") != expected { Issue.record("\(number)") }
        }
    }

    @Test("\"and\" stands before what is below a hundred") func and() {
        #expect(NumberWords.cardinal(105) == "one hundred and five")
        #expect(NumberWords.cardinal(2004) == "two thousand and four")
        #expect(NumberWords.cardinal(2300) == "two thousand three hundred")
        #expect(NumberWords.cardinal(99_999) == "ninety-nine thousand nine hundred and ninety-nine")
        #expect(NumberWords.cardinal(100_001) == "one hundred thousand and one")
    }

    @Test("ordinals of the days of a month")
    func ordinals() {
        let words = """
            first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth \
            sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth \
            twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first
            """
        let digits = """
            1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th 15th 16th 17th 18th 19th 20th 21st 22nd 23rd 24th 25th \
            26th 27th 28th 29th 30th 31st
            """
        #expect((1...31).map(NumberWords.ordinal).joined(separator: " ") == words)
        #expect((1...31).map(NumberWords.digitsWithEnding).joined(separator: " ") == digits)
    }

    @Test("years as they are said") func years() {
        #expect(NumberWords.pairs(1999) == "nineteen ninety-nine")
        #expect(NumberWords.pairs(1905) == "nineteen oh five")
        #expect(NumberWords.pairs(2010) == "twenty ten")
        #expect(NumberWords.pairs(2121) == "twenty-one twenty-one")
        #expect(NumberWords.pairs(1900) == nil && NumberWords.pairs(2000) == nil)
        #expect(NumberWords.hundreds(1900) == "nineteen hundred")
        #expect(NumberWords.hundreds(1701) == "seventeen hundred and one")
        #expect(NumberWords.hundreds(2004) == nil)
    }

    @Test("ways to write a number") func forms() {
        #expect(NumberForm(.words).text(1005) == "one thousand and five")
        #expect(NumberForm(.wordsWithA).text(1005) == "a thousand and five")
        #expect(NumberForm(.wordsWithA).text(2005) == nil)
        #expect(NumberForm(.wordsWithA).text(1) == nil, "\"a\" alone is no number")
        #expect(NumberForm(.capitalized).text(21) == "Twenty-one")
        #expect(NumberForm(.grouped).text(12_045) == "12,045")
        #expect(NumberForm(.grouped).text(999) == nil)
        #expect(NumberForm(.words, wording: Wording(and: false)).text(105) == "one hundred five")
        #expect(NumberForm(.words, wording: Wording(and: false)).text(100) == nil, "there is no \"and\" to leave out")
        #expect(NumberForm(.words, wording: Wording(hyphens: false, letters: .upper)).text(42) == "FORTY TWO")
    }
}
