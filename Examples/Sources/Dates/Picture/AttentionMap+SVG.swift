extension AttentionMap {
    /// The same as a picture: a column for each character of the phrase, a row for each character written, and a square
    /// that is as dark as the attention was.
    package var svg: String {
        let cell = 14
        let (left, top) = (2 * cell, 2 * cell)
        let width = left + phrase.count * cell + cell
        let height = top + translation.count * cell + cell
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" "
                + "height=\"\(height)\" font-family=\"monospace\" font-size=\"12\" text-anchor=\"middle\">",
            "<title>\(String(phrase).xmlEscaped): where the decoder looked while it wrote each character</title>",
            "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
        ]
        for (column, character) in phrase.enumerated() where character != " " {
            let x = left + column * cell + cell / 2
            lines.append("<text x=\"\(x)\" y=\"\(top - 5)\">\(String(character).xmlEscaped)</text>")
        }
        for (row, character) in translation.enumerated() {
            let y = top + row * cell
            lines.append("<text x=\"\(left - cell / 2 - 2)\" y=\"\(y + cell - 3)\">\(character ?? "⏎")</text>")
            for (column, weight) in weights[row].enumerated() where weight >= 0.005 {
                // Hundredths are as fine as the eye needs.
                let hundredths = min(Int((weight * 100).rounded()), 100)
                lines.append(
                    "<rect x=\"\(left + column * cell)\" y=\"\(y)\" width=\"\(cell)\" height=\"\(cell)\" "
                        + "fill=\"#0b3d91\" fill-opacity=\"\(hundredths / 100).\((hundredths % 100).twoDigits)\"/>")
            }
        }
        lines.append("</svg>\n")
        return lines.joined(separator: "\n")
    }
}

extension String {
    fileprivate var xmlEscaped: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
