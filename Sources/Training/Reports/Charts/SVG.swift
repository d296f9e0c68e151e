/// The text of an SVG picture, put together piece by piece.
struct SVG {
    private(set) var body = ""
    let width: Double
    let height: Double

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    enum Anchor: String {
        case start, middle, end
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) {
        body +=
            "<line x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" y2=\"\(Self.number(y2))\" style=\"\(style)\"/>\n"
    }

    mutating func text(
        _ text: String, _ x: Double, _ y: Double, anchor: Anchor = .start, size: Double = 12,
        style: String = Self.muted,
        isTurned: Bool = false
    ) {
        let turn = isTurned ? " transform=\"rotate(-90 \(Self.number(x)) \(Self.number(y)))\"" : ""
        body +=
            "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor.rawValue)\" font-size=\"\(Self.number(size))\" style=\"fill:\(style)\"\(turn)>\(text.escapedForHTML)</text>\n"
    }

    mutating func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, fill: String, title: String? = nil
    ) {
        let start =
            "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\" height=\"\(Self.number(height))\" style=\"fill:\(fill)\" shape-rendering=\"crispEdges\""
        body += start + (title.map { "><title>\($0.escapedForHTML)</title></rect>\n" } ?? "/>\n")
    }

    /// A line through points, or a dot where there is one point only.
    mutating func curve(
        _ points: [(x: Double, y: Double)], stroke: String, width: Double, opacity: Double
    ) {
        if points.count == 1, let point = points.first {
            body +=
                "<circle cx=\"\(Self.number(point.x))\" cy=\"\(Self.number(point.y))\" r=\"3\" style=\"fill:\(stroke);opacity:\(Self.number(opacity))\"/>\n"
            return
        }
        let list = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
        body +=
            "<polyline points=\"\(list)\" style=\"fill:none;stroke:\(stroke);stroke-width:\(Self.number(width));stroke-linejoin:round;stroke-linecap:round;opacity:\(Self.number(opacity))\"/>\n"
    }

    /// The whole picture. It shrinks with the page.
    func document(title: String) -> String {
        let size = "0 0 \(Self.number(width)) \(Self.number(height))"
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="\(size)" width="\(Self.number(width))" \
            style="max-width:100%;height:auto;font-family:system-ui,sans-serif" role="img" \
            aria-label="\(title.escapedForHTML)">
            \(body)</svg>
            """
    }

    /// Colours of what is not data; a page sets the variables for light and dark paper.
    static let ink = "var(--ink,#1c1c1c)"
    static let muted = "var(--muted,#5c5c5c)"
    static let grid = "stroke:var(--grid,#e2e2e2);stroke-width:1"
    static let axis = "stroke:var(--muted,#5c5c5c);stroke-width:1"

    /// About how wide a text is.
    static func width(of text: String, size: Double = 12) -> Double {
        text.unicodeScalars.reduce(0) { $0 + ($1.value < 0x2E80 ? 0.58 : 1.05) * size }
    }

    static func number(_ value: Double) -> String {
        let text = NumberText.fixed(value, 2)
        return text.hasSuffix(".00") ? String(text.dropLast(3)) : text
    }
}

extension String {
    /// The text as HTML and SVG take it, between tags and in quoted attributes.
    package var escapedForHTML: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            // No document may hold these.
            case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
