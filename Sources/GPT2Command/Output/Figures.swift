extension Double {
    /// The number with so many digits after the point.
    func fixed(_ digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { power, _ in power * 10 }
        let scaled = (magnitude * scale).rounded()
        guard isFinite, scaled < 1e18 else { return "\(self)" }
        let number = String(Int(scaled))
        let padded = String(repeating: "0", count: max(digits + 1 - number.count, 0)) + number
        let sign = self < 0 && scaled > 0 ? "-" : ""
        return digits == 0 ? sign + padded : sign + padded.dropLast(digits) + "." + padded.suffix(digits)
    }

    /// A number of three or four significant digits, as 0.0312, 3.14, 42.0 or 1230.
    var short: String {
        switch magnitude {
        case ..<1: fixed(3)
        case ..<10: fixed(2)
        case ..<1000: fixed(1)
        default: fixed(0)
        }
    }

    /// A probability from 0 to 1 in per cent.
    var percent: String { (100 * self).fixed(self < 0.0995 ? 1 : 0) + "%" }
}

extension Int {
    /// The number with its digits in groups of three: 124,439,808.
    var grouped: String {
        let digits = String(magnitude)
        var result = ""
        for (i, digit) in digits.enumerated() {
            if i > 0, (digits.count - i).isMultiple(of: 3) { result += "," }
            result.append(digit)
        }
        return self < 0 ? "-" + result : result
    }

    /// A number of bytes in the decimal unit that suits it.
    var bytes: String {
        switch self {
        case ..<1_000: "\(self) B"
        case ..<1_000_000: (Double(self) / 1e3).fixed(1) + " kB"
        case ..<1_000_000_000: (Double(self) / 1e6).fixed(1) + " MB"
        default: (Double(self) / 1e9).fixed(2) + " GB"
        }
    }
}
