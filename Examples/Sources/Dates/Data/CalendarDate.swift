/// A day of the Gregorian calendar.
package struct CalendarDate: Hashable {
    package var year: Int
    /// From 1.
    package var month: Int
    /// From 1.
    package var day: Int

    package init(_ year: Int, _ month: Int, _ day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// As ISO 8601 writes it: "1999-05-03".
    package var iso: String { "\(year)-\(month.twoDigits)-\(day.twoDigits)" }

    /// Every fourth year but the hundreds, of which every fourth.
    package var isLeapYear: Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    package var daysInMonth: Int {
        switch month {
        case 2: isLeapYear ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// From 0, Sunday.
    package var weekday: Int {
        // Counted from March, the leap day is the last of the year (Sakamoto's method).
        let shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
        let year = month < 3 ? year - 1 : year
        return (year + year / 4 - year / 100 + year / 400 + shifts[month - 1] + day) % 7
    }

    /// Any day of the years from 1600 to 2199.
    static func random(using random: inout some RandomNumberGenerator) -> CalendarDate {
        var date = CalendarDate(.random(in: 1600...2199, using: &random), .random(in: 1...12, using: &random), 1)
        date.day = .random(in: 1...date.daysInMonth, using: &random)
        return date
    }

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
}

extension Int {
    /// 3 as "03".
    var twoDigits: String { self < 10 ? "0\(self)" : "\(self)" }
}
