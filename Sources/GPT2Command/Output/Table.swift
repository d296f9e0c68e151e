/// Text in columns.
struct Table {
    enum Alignment {
        case left
        case right
    }

    struct Column {
        let title: String
        let alignment: Alignment
    }

    let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: KeyValuePairs<String, Alignment>) {
        self.columns = columns.map { Column(title: $0.key, alignment: $0.value) }
    }

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row; cells that are left out at its end are empty.
    mutating func append(_ cells: String...) {
        append(cells)
    }

    mutating func append(_ cells: [String]) {
        rows.append(cells)
    }

    /// Adds a line across all columns.
    mutating func appendRule() {
        rows.append([])
    }

    /// The table in lines, each with a newline at its end.
    var text: String {
        let titles = columns.map(\.title)
        let widths = columns.indices.map { column in
            ([titles] + rows).map { column < $0.count ? $0[column].terminalWidth : 0 }.max() ?? 0
        }
        let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (columns.count - 1))
        let lines = [line(titles, widths), rule] + rows.map { $0.isEmpty ? rule : line($0, widths) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        var missing = 0
        for (i, column) in columns.enumerated() {
            let cell = i < cells.count ? cells[i] : ""
            let padding = widths[i] - cell.terminalWidth
            // Empty cells leave no spaces at the line's end.
            guard !cell.isEmpty else {
                missing += widths[i] + 2
                continue
            }
            switch column.alignment {
            case .left:
                line += String(repeating: " ", count: missing) + cell
                missing = padding + 2
            case .right:
                line += String(repeating: " ", count: missing + padding) + cell
                missing = 2
            }
        }
        return line
    }
}
