/// Numbers as charts and tables show them.
package enum NumberText {
    /// The largest power of ten that is not above a positive number, and not below 1e-307, whose reciprocal is finite.
    static func power(ofTenBelow value: Double) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        let exponent = max(Int((value.logarithm / 10.0.logarithm).rounded(.down)), -307)
        let power = power(exponent)
        // The logarithm of a power of ten may fall just short.
        if power * 10 <= min(value * (1 + 1e-12), .greatestFiniteMagnitude) { return power * 10 }
        return power > value * (1 + 1e-12) && exponent > -307 ? power / 10 : power
    }

    private static func power(_ exponent: Int) -> Double {
        let power = (0..<exponent.magnitude).reduce(1.0) { product, _ in product * 10 }
        return exponent < 0 ? 1 / power : power
    }

    /// The label of a tick: as many digits as its distance to the next tick needs.
    static func tick(_ value: Double, step: Double, largest: Double) -> String {
        if abs(value) < step / 1000 { return "0" }
        switch largest {
        case 1e15...: return "\(value)"
        case 1e6...: return fixed(value / 1e6, digits(step / 1e6)) + "M"
        case 1e4...: return fixed(value / 1e3, digits(step / 1e3)) + "k"
        case ..<1e-2:
            let power = power(ofTenBelow: largest)
            return fixed(value / power, digits(step / power)) + "e-" + "\(exponent(power))"
        default: return fixed(value, digits(step))
        }
    }

    /// The label of a tick on a logarithmic axis.
    static func power(_ value: Double) -> String {
        if value >= 1e-3, value < 1e4 { return short(value) }
        let power = power(ofTenBelow: value)
        let factor = fixed(value / power, 0)
        return power < 1 ? "\(factor)e-\(exponent(power))" : "\(factor)e\(exponent(power))"
    }

    /// The exponent of a power of ten, without its sign.
    private static func exponent(_ power: Double) -> Int {
        Int(abs(power.logarithm / 10.0.logarithm).rounded())
    }

    /// The digits after the point that multiples of a step need.
    private static func digits(_ step: Double) -> Int {
        let power = power(ofTenBelow: step)
        return power >= 1 ? 0 : min(exponent(power), 12)
    }

    /// A number of four significant digits: 3.142, 0.000312, 12,345.
    package static func short(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        if value == 0 { return "0" }
        if abs(value) < 1e-3 {
            // The next power, if the digits round up to it.
            let power = power(ofTenBelow: abs(value) * 1.00005)
            return trimmed(fixed(value / power, 3)) + "e-\(exponent(power))"
        }
        if abs(value) >= 9999.5 { return abs(value) < 1e15 ? grouped(Int(value.rounded())) : "\(value)" }
        let power = power(ofTenBelow: abs(value))
        let digits = power >= 1 ? 3 - exponent(power) : 3 + exponent(power)
        return trimmed(fixed(value, digits))
    }

    /// 124,439,808.
    package static func grouped(_ value: Int) -> String {
        var text = ""
        for (offset, digit) in String(value.magnitude).reversed().enumerated() {
            if offset > 0, offset.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + String(text.reversed())
    }

    /// A number with so many digits after the point.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        let scaled = (abs(value) * power(digits)).rounded()
        guard value.isFinite, scaled < 1e18 else { return "\(value)" }
        let number = String(Int(scaled))
        let padded = String(repeating: "0", count: max(digits + 1 - number.count, 0)) + number
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return digits == 0 ? sign + padded : sign + padded.dropLast(digits) + "." + padded.suffix(digits)
    }

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var text = text
        while text.hasSuffix("0") { text.removeLast() }
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}
