import Training

extension Double {
    /// The number with so many digits after the point.
    func fixed(_ digits: Int) -> String { NumberText.fixed(self, digits) }

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
    var grouped: String { NumberText.grouped(self) }

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
