/// Numbers in English words.
package enum NumberWords {
    private static let small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ]
    private static let tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    private static let irregularOrdinals = [
        "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
        "twelve": "twelfth",
    ]

    /// 1999 as "one thousand nine hundred and ninety-nine"; from 0 to 999,999.
    package static func cardinal(_ number: Int) -> String {
        func joined(_ head: String, _ rest: Int) -> String {
            if rest == 0 { return head }
            return head + (rest < 100 ? " and " : " ") + cardinal(rest)
        }
        switch number {
        case ..<20: return small[number]
        case ..<100:
            let unit = number % 10
            return tens[number / 10] + (unit == 0 ? "" : "-" + small[unit])
        case ..<1000: return joined(small[number / 100] + " hundred", number % 100)
        default: return joined(cardinal(number / 1000) + " thousand", number % 1000)
        }
    }

    /// 23 as "twenty-third"; from 1 to 99.
    package static func ordinal(_ number: Int) -> String {
        var parts = cardinal(number).split(separator: "-").map(String.init)
        let last = parts.removeLast()
        let ending = last.hasSuffix("y") ? last.dropLast() + "ieth" : last + "th"
        return (parts + [irregularOrdinals[last] ?? String(ending)]).joined(separator: "-")
    }

    /// 23 as "23rd"; from 1 to 99.
    package static func digitsWithEnding(_ number: Int) -> String {
        let ending =
            switch (number / 10, number % 10) {
            case (1, _): "th"
            case (_, 1): "st"
            case (_, 2): "nd"
            case (_, 3): "rd"
            default: "th"
            }
        return "\(number)\(ending)"
    }

    /// A year as two numbers: 1999 as "nineteen ninety-nine", 1905 as "nineteen oh five". nil for 1900 and 2000, which have
    /// no second number.
    package static func pairs(_ year: Int) -> String? {
        let (century, rest) = (year / 100, year % 100)
        if rest == 0 { return nil }
        return cardinal(century) + (rest < 10 ? " oh " : " ") + cardinal(rest)
    }

    /// A year in hundreds: 1999 as "nineteen hundred and ninety-nine". nil for 2000 to 2099, which nobody says so.
    package static func hundreds(_ year: Int) -> String? {
        let (century, rest) = (year / 100, year % 100)
        if century.isMultiple(of: 10) { return nil }
        return cardinal(century) + " hundred" + (rest == 0 ? "" : " and " + cardinal(rest))
    }

    /// 12345 as "12,345"; nil below 1000.
    package static func grouped(_ number: Int) -> String? {
        if number < 1000 { return nil }
        let rest = String(number % 1000)
        return "\(number / 1000)," + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
