extension AttentionMap {
    /// A row for each character written: the darker a place, the more the decoder looked at the character above it, beside
    /// the place that it looked at most.
    package var text: String {
        let shades: [Character] = [" ", "░", "▒", "▓", "█"]
        var lines = ["    " + String(phrase)]
        for (character, row) in zip(translation, weights) {
            let largest = row.max() ?? 1
            let cells = row.map { shades[Int(($0 / max(largest, .leastNormalMagnitude) * 4).rounded())] }
            let line = "  \(character ?? "⏎") " + String(cells)
            lines.append(String(line.reversed().drop { $0 == " " }.reversed()))
        }
        return lines.joined(separator: "\n")
    }
}
