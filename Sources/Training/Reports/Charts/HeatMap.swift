/// Numbers in rows and columns as colours, as SVG.
public struct HeatMap: Sendable {
    /// Which colours stand for which numbers.
    public enum Colors: Sendable {
        /// From dark violet (small) to yellow (large).
        case sequential
        /// Blue below 0, red above it, as far as the largest magnitude.
        case diverging
    }

    public var title: String
    public var xLabel: String
    public var yLabel: String
    /// Row by row, from the top; nil and what is not finite is left empty.
    public var values: [[Double?]]
    /// A label for each row.
    public var rowLabels: [String]
    /// A label for each column; those that fit are shown.
    public var columnLabels: [String]
    public var colors = Colors.sequential
    /// Of sequential colours.
    public var scale = ChartScale.linear
    public var width = 720.0
    public var rowHeight = 20.0

    /// More columns than this would be narrower than they are to be seen; neighbours are averaged.
    private static let columnLimit = 300

    public init(
        title: String, xLabel: String, yLabel: String, values: [[Double?]], rowLabels: [String], columnLabels: [String],
        colors: Colors = .sequential, scale: ChartScale = .linear
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.values = values
        self.rowLabels = rowLabels
        self.columnLabels = columnLabels
        self.colors = colors
        self.scale = scale
    }

    /// The picture.
    public var svg: String {
        let columns = values.map(\.count).max() ?? 0
        let top = 34.0
        let bottom = top + Double(values.count) * rowHeight
        var svg = SVG(width: width, height: bottom + 44)
        svg.text(title, 8, 18, size: 14, style: SVG.ink + ";font-weight:600")
        let finite = values.joined().compactMap(\.self).filter { $0.isFinite && (scale == .linear || $0 > 0) }
        guard let low = finite.min(), let high = finite.max() else {
            svg.text("nothing to show yet", width / 2, (bottom + 44) / 2, anchor: .middle)
            return svg.document(title: title)
        }
        let key = Key(low, high, colors, scale)
        let left = 34 + (rowLabels.map { SVG.width(of: $0) }.max() ?? 0)
        let right = width - 30 - (key.axis.ticks.map { SVG.width(of: $0.label) }.max() ?? 0)
        let joined = max((columns + Self.columnLimit - 1) / Self.columnLimit, 1)
        let cell = (right - left) / Double(max(columns, 1))

        for (row, values) in values.enumerated() {
            let y = top + Double(row) * rowHeight
            for start in stride(from: 0, to: values.count, by: joined) {
                let end = min(start + joined, values.count)
                let cells = values[start..<end].compactMap(\.self).filter(\.isFinite)
                guard !cells.isEmpty else { continue }
                let mean = cells.reduce(0) { $0 + $1 / Double(cells.count) }
                guard let color = key.color(mean) else { continue }
                // A little wider than the cell, so that no paper shines through between two.
                let wide = cell * Double(end - start) + (end < columns ? 0.4 : 0)
                svg.rectangle(
                    left + cell * Double(start), y, wide, rowHeight - 1, fill: color,
                    title: "\(label(row, rowLabels)), \(label(start, columnLabels)): \(NumberText.short(mean))")
            }
            svg.text(label(row, rowLabels), left - 7, y + rowHeight / 2 + 4, anchor: .end)
        }
        drawColumns(left, cell, bottom, &svg)
        key.draw(x: right + 12, top: top, bottom: bottom - 1, &svg)
        svg.text(xLabel, (left + right) / 2, bottom + 36, anchor: .middle)
        svg.text(yLabel, 14, (top + bottom) / 2, anchor: .middle, isTurned: true)
        return svg.document(title: title)
    }

    private func label(_ index: Int, _ labels: [String]) -> String {
        labels.indices.contains(index) ? labels[index] : "\(index)"
    }

    /// As many labels as there is room for, at even distances.
    private func drawColumns(_ left: Double, _ cell: Double, _ bottom: Double, _ svg: inout SVG) {
        let widest = (columnLabels.map { SVG.width(of: $0) }.max() ?? 0) + 12
        let skip = max(Int((widest / cell).rounded(.up)), 1)
        for (index, label) in columnLabels.enumerated() where index.isMultiple(of: skip) {
            svg.text(label, left + cell * (Double(index) + 0.5), bottom + 16, anchor: .middle)
        }
    }

    /// What the colours mean, and the bar that says so.
    private struct Key {
        let axis: ChartAxis
        private let colors: Colors

        init(_ low: Double, _ high: Double, _ colors: Colors, _ scale: ChartScale) {
            self.colors = colors
            let limit = max(abs(low), abs(high))
            axis =
                colors == .diverging
                ? ChartAxis(-limit...limit, scale: .linear, maximumTicks: 4, isRounded: false)
                : ChartAxis(low...high, scale: scale, maximumTicks: 4, isRounded: false)
        }

        /// Viridis (van der Walt and Smith), at nine places.
        private static let viridis: [(Double, Double, Double)] = [
            (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141), (39, 173, 129), (92, 200, 99),
            (170, 220, 50), (253, 231, 37),
        ]
        private static let blueToRed: [(Double, Double, Double)] = [
            (33, 102, 172), (103, 169, 207), (230, 230, 230), (239, 138, 98), (178, 24, 43),
        ]

        func color(_ value: Double) -> String? {
            guard let fraction = axis.fraction(value) else { return nil }
            return ChartColor.mix(colors == .diverging ? Self.blueToRed : Self.viridis, fraction)
        }

        func draw(x: Double, top: Double, bottom: Double, _ svg: inout SVG) {
            let stops = 32
            let ramp = colors == .diverging ? Self.blueToRed : Self.viridis
            let part = (bottom - top) / Double(stops)
            for index in 0..<stops {
                let color = ChartColor.mix(ramp, (Double(index) + 0.5) / Double(stops))
                svg.rectangle(x, bottom - Double(index + 1) * part, 10, part + 0.4, fill: color)
            }
            for tick in axis.ticks {
                guard let fraction = axis.fraction(tick.value) else { continue }
                svg.text(tick.label, x + 15, bottom - fraction * (bottom - top) + 4)
            }
        }
    }
}
