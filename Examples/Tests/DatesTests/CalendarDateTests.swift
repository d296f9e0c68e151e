import Foundation
import Testing
import dates

@Suite("The calendar, beside Foundation's")
struct CalendarDateTests {
    private var calendar: Calendar {
        get throws {
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
            return calendar
        }
    }

    @Test("every month from 1600 to 2199 has its days, and begins on its weekday") func months() throws {
        let calendar = try calendar
        for year in 1600..<2200 {
            for month in 1...12 {
                let first = try #require(calendar.date(from: DateComponents(year: year, month: month, day: 1)))
                let date = CalendarDate(year, month, 1)
                let days = calendar.range(of: .day, in: .month, for: first)?.count
                let weekday = calendar.component(.weekday, from: first) - 1
                if days != date.daysInMonth || weekday != date.weekday { Issue.record("\(date.iso)") }
            }
        }
    }

    @Test(
        "leap years",
        arguments: [(1600, true), (1700, false), (1900, false), (1904, true), (2000, true), (2100, false)])
    func leapYears(year: Int, isLeapYear: Bool) {
        #expect(CalendarDate(year, 2, 1).isLeapYear == isLeapYear)
        #expect(CalendarDate(year, 2, 1).daysInMonth == (isLeapYear ? 29 : 28))
    }

    @Test("days of which the weekday is known") func weekdays() {
        #expect(CalendarDate(1969, 7, 20).weekday == 0, "the moon landing was on a Sunday")
        #expect(CalendarDate(1989, 11, 9).weekday == 4, "the Berlin Wall fell on a Thursday")
        #expect(CalendarDate(2000, 2, 29).weekday == 2)
        #expect(CalendarDate(1815, 6, 18).weekday == 0, "the Battle of Waterloo was on a Sunday")
    }

    @Test("ISO 8601 has two digits for month and day") func iso() {
        #expect(CalendarDate(1999, 5, 3).iso == "1999-05-03")
        #expect(CalendarDate(2012, 12, 31).iso == "2012-12-31")
    }
}
