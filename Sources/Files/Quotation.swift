extension String {
    /// The text in quotation marks as JSON writes it, with what a terminal might act upon escaped too.
    package var jsonEscaped: String {
        var result = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// The text in quotation marks, fit for an error message: on one line and not longer than about 80 characters,
    /// whatever a hostile file holds.
    package var quoted: String {
        let start = unicodeScalars.prefix(80)
        return (start.endIndex == unicodeScalars.endIndex ? self : String(start) + "…").jsonEscaped
    }
}
