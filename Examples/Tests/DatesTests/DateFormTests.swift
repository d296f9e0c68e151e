import Testing
import dates

@Suite("Ways to write a date")
struct DateFormTests {
    private let third = CalendarDate(1999, 5, 3)  // a Monday

    @Test("each frame") func frames() {
        let texts: [(DateForm, String)] = [
            (DateForm(frame: .dayMonthYear), "3 May 1999"),
            (DateForm(frame: .dayMonthYear, day: .twoDigits), "03 May 1999"),
            (DateForm(frame: .theDayOfMonth, day: .ordinal, year: .pairs), "the third of May, nineteen ninety-nine"),
            (DateForm(frame: .theDayInTheYear, day: .ordinal), "the third day of May in the year 1999"),
            (DateForm(frame: .monthDay, weekday: .short, day: .digitsWithEnding), "Mon. May 3rd, 1999"),
            (DateForm(frame: .monthTheDay, weekday: .on, day: .ordinal), "on Monday, May the third, 1999"),
            (DateForm(frame: .yearFirst, weekday: .name), "Monday, 1999, May 3"),
            (DateForm(frame: .inTheYear, day: .digitsWithEnding), "in the year 1999, on the 3rd of May"),
            (DateForm(frame: .hyphens, month: .short), "3-May-1999"),
            (DateForm(frame: .yearFirstSlashes, day: .twoDigits, month: .twoDigits), "1999/05/03"),
            (
                DateForm(frame: .theDayOfMonth, day: .ordinal, year: .hundreds, wording: Wording(and: false)),
                "the third of May, nineteen hundred ninety-nine"
            ),
            (
                DateForm(
                    frame: .monthDay, year: .thousands, wording: Wording(hyphens: false, commas: false, letters: .upper)
                ),
                "MAY 3 ONE THOUSAND NINE HUNDRED AND NINETY NINE"
            ),
        ]
        for (form, text) in texts { #expect(form.text(third) == text) }
    }

    @Test("abbreviations shorten, or are no form of their own") func abbreviations() {
        let (short, abbreviated) = (
            DateForm(frame: .monthDay, month: .short), DateForm(frame: .monthDay, month: .abbreviated)
        )
        #expect(short.text(CalendarDate(2001, 9, 4)) == "Sep 4, 2001")
        #expect(abbreviated.text(CalendarDate(2001, 9, 4)) == "Sept. 4, 2001")
        #expect(short.text(CalendarDate(2001, 6, 4)) == "Jun 4, 2001")
        #expect(short.text(third) == nil && abbreviated.text(third) == nil)
    }

    @Test("slashes only where day and month cannot be mistaken") func slashes() {
        let (day, month) = (
            DateForm(frame: .dayFirstSlashes, month: .digits), DateForm(frame: .monthFirstSlashes, month: .digits)
        )
        #expect(day.text(third) == nil && month.text(third) == nil, "3/5/1999 could be the fifth of March")
        #expect(day.text(CalendarDate(1999, 5, 13)) == "13/5/1999")
        #expect(month.text(CalendarDate(1999, 5, 13)) == "5/13/1999")
        #expect(day.text(CalendarDate(1999, 5, 5)) == "5/5/1999")
        #expect(month.text(CalendarDate(1999, 5, 5)) == nil, "it would be the same again")
        #expect(day.text(CalendarDate(1999, 5, 12)) == nil)
    }

    @Test("the last day of a month, leap days among them") func lastDay() {
        let form = DateForm(frame: .lastDay)
        #expect(form.text(CalendarDate(2000, 2, 29)) == "the last day of February, 2000")
        #expect(form.text(CalendarDate(2000, 2, 28)) == nil)
        #expect(form.text(CalendarDate(1900, 2, 28)) == "the last day of February, 1900")
        #expect(form.text(CalendarDate(2004, 4, 30)) == "the last day of April, 2004")
        #expect(form.text(CalendarDate(2004, 5, 30)) == nil)
    }

    @Test("holidays") func holidays() {
        let form = DateForm(frame: .holiday)
        #expect(form.text(CalendarDate(1843, 12, 24)) == "Christmas Eve, 1843")
        #expect(form.text(CalendarDate(2004, 2, 29)) == "Leap Day, 2004")
        #expect(form.text(CalendarDate(1843, 12, 26)) == nil)
        let words = DateForm(frame: .holiday, year: .hundreds, wording: Wording(commas: false, letters: .lower))
        #expect(words.text(CalendarDate(1900, 1, 1)) == "new year's day nineteen hundred")
    }

    @Test("no two forms write a date alike, and none is refused by the alphabet")
    func formsDiffer() throws {
        let dates = [
            CalendarDate(1999, 5, 3), CalendarDate(2000, 2, 29), CalendarDate(1904, 9, 23), CalendarDate(2000, 12, 31),
            CalendarDate(1900, 6, 6), CalendarDate(2121, 10, 20),
        ]
        for date in dates {
            var forms: [String: DateForm] = [:]
            for form in DateForm.all {
                guard let text = form.text(date) else { continue }
                if forms.updateValue(form, forKey: text) != nil { Issue.record("two forms give \(text)") }
                _ = try Alphabet.source.encode(phrase: text)
            }
            #expect(forms.count > 1000, "\(date.iso)")
        }
    }
}

extension DateForm {
    /// Every combination, whether it makes sense or not.
    static let all: [DateForm] = {
        var forms: [DateForm] = []
        let wordings = Wording.all
        for frame in Frame.allCases {
            for weekday in Weekday.allCases {
                for day in Day.allCases {
                    for month in Month.allCases {
                        for year in Year.allCases {
                            forms += wordings.map {
                                DateForm(
                                    frame: frame, weekday: weekday, day: day, month: month, year: year, wording: $0)
                            }
                        }
                    }
                }
            }
        }
        return forms
    }()
}

extension Wording {
    static let all = Letters.allCases.flatMap { letters in
        (0..<8).map { Wording(hyphens: $0 & 1 == 0, and: $0 & 2 == 0, commas: $0 & 4 == 0, letters: letters) }
    }
}
