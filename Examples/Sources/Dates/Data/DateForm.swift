/// One way of writing a date: a frame, what stands in it, and the wording of the whole.
///
/// Some 60,000 forms make sense. Two different ones never write a date alike, so that a form held out of training is
/// really a form never seen.
package struct DateForm: Hashable {
    package var frame: Frame
    package var weekday: Weekday
    package var day: Day
    package var month: Month
    package var year: Year
    package var wording: Wording

    /// Where day, month and year stand: D, M and Y are replaced by them, H by a holiday.
    package enum Frame: String, CaseIterable {
        case dayMonthYear = "D M Y"
        case theDayOfMonth = "the D of M, Y"
        case theDayInTheYear = "the D day of M in the year Y"
        case monthDay = "M D, Y"
        case monthTheDay = "M the D, Y"
        case yearFirst = "Y, M D"
        case inTheYear = "in the year Y, on the D of M"
        case hyphens = "D-M-Y"
        case dayFirstSlashes = "D/M/Y"
        case monthFirstSlashes = "M/D/Y"
        case yearFirstSlashes = "Y/M/D"
        case lastDay = "the last day of M, Y"
        case holiday = "H, Y"
    }

    package enum Weekday: CaseIterable {
        case none
        /// "Monday, "
        case name
        /// "Mon. "
        case short
        /// "on Monday, "
        case on
    }

    package enum Day: CaseIterable {
        /// "3"
        case digits
        /// "03"
        case twoDigits
        /// "3rd"
        case digitsWithEnding
        /// "third"
        case ordinal
    }

    package enum Month: CaseIterable {
        /// "September"
        case name
        /// "Sep"
        case short
        /// "Sept."
        case abbreviated
        /// "9"
        case digits
        /// "09"
        case twoDigits
    }

    package enum Year: CaseIterable {
        /// "1999"
        case digits
        /// "nineteen ninety-nine"
        case pairs
        /// "nineteen hundred and ninety-nine"
        case hundreds
        /// "one thousand nine hundred and ninety-nine"
        case thousands
    }

    package init(
        frame: Frame, weekday: Weekday = .none, day: Day = .digits, month: Month = .name, year: Year = .digits,
        wording: Wording = Wording()
    ) {
        self.frame = frame
        self.weekday = weekday
        self.day = day
        self.month = month
        self.year = year
        self.wording = wording
    }

    /// A form of a frame, which need not make sense.
    static func random(_ frame: Frame, using random: inout some RandomNumberGenerator) -> DateForm {
        DateForm(
            frame: frame, weekday: .random(using: &random), day: .random(using: &random),
            month: .random(using: &random), year: .random(using: &random), wording: .random(using: &random))
    }

    /// A date that the frame can say.
    func randomDate(using random: inout some RandomNumberGenerator) -> CalendarDate {
        var date = CalendarDate.random(using: &random)
        switch frame {
        case .lastDay:
            date.day = date.daysInMonth
        case .holiday:
            let holiday = Self.holidays.randomElement(using: &random) ?? Self.holidays[0]
            (date.month, date.day) = (holiday.month, holiday.day)
        default: break
        }
        return date
    }

    /// The date in this form; nil where the form makes no sense for it, or where another form says the same.
    package func text(_ date: CalendarDate) -> String? {
        guard let day = dayText(date), let month = monthText(date), let year = yearText(date) else { return nil }
        // Without its hyphens "3-May-1999" is another frame's.
        if frame == .hyphens && !wording.hyphens { return nil }
        let parts = [Character("D"): day, "M": month, "Y": year, "H": Self.holidayName(date) ?? ""]
        let framed = frame.rawValue.map { parts[$0] ?? String($0) }.joined()
        return wording.applied(to: weekdayText(date) + framed)
    }
}

extension DateForm {
    private static let holidays: [(month: Int, day: Int, name: String)] = [
        (1, 1, "New Year's Day"), (2, 29, "Leap Day"), (10, 31, "Halloween"), (12, 24, "Christmas Eve"),
        (12, 25, "Christmas Day"), (12, 31, "New Year's Eve"),
    ]
    private static let abbreviations = [
        "Jan.", "Feb.", "Mar.", "Apr.", nil, nil, nil, "Aug.", "Sept.", "Oct.", "Nov.", "Dec.",
    ]

    private static func holidayName(_ date: CalendarDate) -> String? {
        holidays.first { $0.month == date.month && $0.day == date.day }?.name
    }

    private func weekdayText(_ date: CalendarDate) -> String {
        let name = CalendarDate.weekdays[date.weekday]
        switch weekday {
        case .none: return ""
        case .name: return name + ", "
        case .short: return name.prefix(3) + ". "
        case .on: return "on \(name), "
        }
    }

    /// nil where the frame asks for another style.
    private func dayText(_ date: CalendarDate) -> String? {
        switch frame {
        case .theDayOfMonth, .monthTheDay, .inTheYear: if day == .digits || day == .twoDigits { return nil }
        case .theDayInTheYear: if day != .ordinal { return nil }
        case .hyphens, .yearFirstSlashes: if day != .digits && day != .twoDigits { return nil }
        // Which is the day and which the month must be clear.
        case .dayFirstSlashes:
            if day != .digits && day != .twoDigits || date.day <= 12 && date.day != date.month { return nil }
        case .monthFirstSlashes: if day != .digits && day != .twoDigits || date.day <= 12 { return nil }
        case .lastDay: return day == .digits && date.day == date.daysInMonth ? "" : nil
        case .holiday: return day == .digits && Self.holidayName(date) != nil ? "" : nil
        case .dayMonthYear, .monthDay, .yearFirst: break
        }
        switch day {
        case .digits: return String(date.day)
        case .twoDigits: return date.day < 10 || month == .twoDigits && date.month < 10 ? date.day.twoDigits : nil
        case .digitsWithEnding: return NumberWords.digitsWithEnding(date.day)
        case .ordinal: return NumberWords.ordinal(date.day)
        }
    }

    private func monthText(_ date: CalendarDate) -> String? {
        let name = CalendarDate.months[date.month - 1]
        switch frame {
        case .dayFirstSlashes, .monthFirstSlashes, .yearFirstSlashes:
            // Both of one kind, "3/5" or "03/05".
            guard month == (day == .digits ? .digits : .twoDigits) else { return nil }
        case .hyphens: guard month == .short else { return nil }
        case .holiday: return month == .name ? "" : nil
        default: if month == .digits || month == .twoDigits { return nil }
        }
        switch month {
        case .name: return name
        case .short: return name.count > 3 || frame == .hyphens ? String(name.prefix(3)) : nil
        case .abbreviated: return Self.abbreviations[date.month - 1]
        case .digits: return String(date.month)
        case .twoDigits: return date.month.twoDigits
        }
    }

    private func yearText(_ date: CalendarDate) -> String? {
        switch frame {
        case .hyphens, .dayFirstSlashes, .monthFirstSlashes, .yearFirstSlashes: if year != .digits { return nil }
        default: break
        }
        switch year {
        case .digits: return String(date.year)
        case .pairs: return NumberWords.pairs(date.year)
        case .hundreds: return NumberWords.hundreds(date.year)
        case .thousands: return NumberWords.cardinal(date.year)
        }
    }
}
