/// Colours that are told apart on light and on dark paper, by people who see red and green alike, too.
public enum ChartColor: Sendable, Equatable {
    /// One of eight that differ as much as they can; the ninth is the first again.
    case categorical(Int)

    /// Hexadecimal, for light and for dark paper. After Okabe and Ito, "Color Universal Design" (2008), made darker and
    /// lighter until text of that colour would be legible.
    static let categories: [(light: String, dark: String)] = [
        ("#0067a5", "#5ab4f0"), ("#c64a00", "#ff9152"), ("#00795a", "#35c79d"), ("#a8487f", "#ec93c5"),
        ("#8a5c00", "#e3a93c"), ("#5b4bb5", "#a99bf2"), ("#3c7d1e", "#8ecf6b"), ("#6b6b6b", "#b5b5b5"),
    ]

    /// As CSS.
    var css: String {
        switch self {
        case .categorical(let index):
            let index = index % Self.categories.count
            return "var(--series-\(index),\(Self.categories[index].light))"
        }
    }

    /// A colour between the stops of a ramp.
    static func mix(_ stops: [(Double, Double, Double)], _ fraction: Double) -> String {
        let position = min(max(fraction, 0), 1) * Double(stops.count - 1)
        let index = min(Int(position), stops.count - 2)
        let (left, right, share) = (stops[index], stops[index + 1], position - Double(index))
        let parts = [(left.0, right.0), (left.1, right.1), (left.2, right.2)].map { left, right in
            let digits = String(Int((left + share * (right - left)).rounded()), radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return "#" + parts.joined()
    }
}
