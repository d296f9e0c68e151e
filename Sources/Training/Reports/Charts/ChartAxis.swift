/// How numbers lie along an axis.
public enum ChartScale: Sendable {
    case linear
    /// By powers of ten; numbers that are not positive have no place. Linear after all where the smallest is below 2e-308,
    /// at the end of what doubles hold.
    case logarithmic
}

/// One axis of a chart: the numbers that it spans, and ticks at round ones.
package struct ChartAxis {
    package struct Tick: Equatable {
        package let value: Double
        package let label: String
    }

    package let scale: ChartScale
    package let lower: Double
    package let upper: Double
    package private(set) var ticks: [Tick] = []

    /// - Parameters:
    ///   - values: the smallest and the largest number to show; any order, any finite numbers.
    ///   - maximumTicks: about how many ticks there is room for.
    ///   - isRounded: whether the axis goes on to the next ticks on both sides.
    package init(_ values: ClosedRange<Double>, scale: ChartScale, maximumTicks: Int, isRounded: Bool) {
        let isLogarithmic = scale == .logarithmic && values.lowerBound >= .leastNormalMagnitude
        self.scale = isLogarithmic ? .logarithmic : .linear
        var (lower, upper) = (values.lowerBound, values.upperBound)
        if lower == upper {
            // A single number stands in the middle.
            let margin = isLogarithmic ? lower / 2 : max(abs(lower) / 2, 1e-12)
            (lower, upper) = (max(lower - margin, -Self.limit), min(upper + margin, Self.limit))
        }
        let positions =
            isLogarithmic
            ? Self.powers(lower, upper, maximumTicks, isRounded) : Self.multiples(lower, upper, maximumTicks, isRounded)
        if isRounded, let first = positions.values.first, let last = positions.values.last {
            (lower, upper) = (min(lower, first), max(upper, last))
        }
        self.lower = lower
        self.upper = upper
        let largest = max(abs(lower), abs(upper))
        let inside = positions.values.filter { $0 >= lower && $0 <= upper }
        let skip = max((inside.count + maximumTicks - 1) / max(maximumTicks, 1), 1)
        let shown =
            isLogarithmic ? inside.enumerated().filter { $0.offset.isMultiple(of: skip) }.map(\.element) : inside
        ticks = shown.map { value in
            let label =
                isLogarithmic
                ? NumberText.power(value) : NumberText.tick(value, step: positions.step, largest: largest)
            return Tick(value: value, label: label)
        }
    }

    /// Where a number lies: 0 at the lower end, 1 at the upper; nil if it has no place.
    package func fraction(_ value: Double) -> Double? {
        let fraction =
            switch scale {
            // Halves where the distance is more than a double holds.
            case .linear where (upper - lower).isFinite: (value - lower) / (upper - lower)
            case .linear: (value / 2 - lower / 2) / (upper / 2 - lower / 2)
            case .logarithmic: (value.logarithm - lower.logarithm) / (upper.logarithm - lower.logarithm)
            }
        return fraction.isFinite ? fraction : nil
    }

    private static let limit = Double.greatestFiniteMagnitude

    /// Multiples of 1, 2 or 5 times a power of ten.
    private static func multiples(
        _ lower: Double, _ upper: Double, _ maximum: Int, _ isRounded: Bool
    ) -> (values: [Double], step: Double) {
        let distance = min(upper - lower, limit)
        let raw = distance / Double(max(maximum, 1))
        let power = NumberText.power(ofTenBelow: raw)
        let step = power * ([1, 2, 5].first { $0 * power >= raw * (1 - 1e-9) } ?? 10)
        let slack = isRounded ? 0 : 1e-9
        let first = isRounded ? (lower / step).rounded(.down) : (lower / step - slack).rounded(.up)
        let last = isRounded ? (upper / step).rounded(.up) : (upper / step + slack).rounded(.down)
        guard step > 0, step.isFinite, last - first < 1000 else { return ([lower, upper], distance) }
        return (stride(from: first, through: last, by: 1).map { $0 * step }.filter(\.isFinite), step)
    }

    /// Powers of ten, with their halves and fifths where there are few.
    private static func powers(
        _ lower: Double, _ upper: Double, _ maximum: Int, _ isRounded: Bool
    ) -> (values: [Double], step: Double) {
        let decades = (upper.logarithm - lower.logarithm) / 10.0.logarithm
        let factors: [Double] = decades < 1.5 ? [1, 2, 3, 5] : decades < 3 ? [1, 3] : [1]
        var values: [Double] = []
        var power = NumberText.power(ofTenBelow: lower)
        while power > 0, power.isFinite, power <= upper * 10 {
            values += factors.map { $0 * power }.filter(\.isFinite)
            power *= 10
        }
        // The numbers lie at the ends of what a Double holds.
        if values.isEmpty { return ([lower, upper], 0) }
        // The ticks around the numbers belong to the axis if it is to be rounded.
        let first = values.lastIndex { $0 <= lower * (1 + 1e-9) } ?? 0
        let last = values.firstIndex { $0 >= upper * (1 - 1e-9) } ?? values.count - 1
        return (Array(values[min(first, last)...last]), 0)
    }
}
