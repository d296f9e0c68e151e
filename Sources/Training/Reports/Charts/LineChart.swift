/// Curves over a common axis, as SVG.
///
///     let loss = LineChart.Series("loss", points: [(1, 4.2), (2, 3.9)])
///     let svg = LineChart(title: "Loss", xLabel: "step", yLabel: "nats a token", series: [loss]).svg
///
/// The picture takes its colours from a page's CSS variables (``HTMLPage`` sets them for light and dark paper) and has
/// readable ones without.
public struct LineChart: Sendable {
    public struct Series: Sendable {
        public var name: String
        /// In any order; numbers that are not finite interrupt the line.
        public var points: [(x: Double, y: Double)]
        /// Nil for the next one of the categories.
        public var color: ChartColor?
        /// Thin and pale, and without a place in the legend: for what another series summarises.
        public var isFaint = false

        public init(
            _ name: String, points: [(x: Double, y: Double)], color: ChartColor? = nil, isFaint: Bool = false
        ) {
            self.name = name
            self.points = points
            self.color = color
            self.isFaint = isFaint
        }
    }

    public var title: String
    public var xLabel: String
    public var yLabel: String
    public var series: [Series]
    public var xScale = ChartScale.linear
    public var yScale = ChartScale.linear
    /// Whether the vertical axis begins at 0.
    public var startsAtZero = false
    /// The size of the picture in pixels.
    public var width = 720.0
    public var height = 300.0

    public init(
        title: String, xLabel: String, yLabel: String, series: [Series], xScale: ChartScale = .linear,
        yScale: ChartScale = .linear, startsAtZero: Bool = false
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.series = series
        self.xScale = xScale
        self.yScale = yScale
        self.startsAtZero = startsAtZero
    }

    /// The picture.
    public var svg: String {
        var svg = SVG(width: width, height: height)
        svg.text(title, 8, 18, size: 14, style: SVG.ink + ";font-weight:600")
        let top = drawLegend(&svg) + 14
        guard let (xs, ys) = extents else {
            svg.text("nothing to show yet", width / 2, height / 2, anchor: .middle)
            return svg.document(title: title)
        }
        let bottom = height - 44
        let yAxis = ChartAxis(
            ys, scale: yScale, maximumTicks: max(Int((bottom - top) / 36), 2), isRounded: true)
        let left = 34 + (yAxis.ticks.map { SVG.width(of: $0.label) }.max() ?? 0)
        let right = width - 18
        let xAxis = ChartAxis(xs, scale: xScale, maximumTicks: max(Int((right - left) / 80), 2), isRounded: false)

        let frame = Frame(x: left...right, y: top...bottom, xAxis: xAxis, yAxis: yAxis)
        draw(frame, &svg)
        for (index, series) in series.enumerated() {
            let color = (series.color ?? .categorical(index)).css
            for run in frame.runs(series.points) {
                svg.curve(
                    run, stroke: color, width: series.isFaint ? 1 : 1.8, opacity: series.isFaint ? 0.35 : 1)
            }
        }
        return svg.document(title: title)
    }

    /// The numbers that have a place on the axes.
    private var extents: (x: ClosedRange<Double>, y: ClosedRange<Double>)? {
        let shown = series.flatMap(\.points).filter { point in
            point.x.isFinite && point.y.isFinite && (xScale == .linear || point.x > 0)
                && (yScale == .linear || point.y > 0)
        }
        guard let firstX = shown.map(\.x).min(), let lastX = shown.map(\.x).max(), var low = shown.map(\.y).min(),
            var high = shown.map(\.y).max()
        else { return nil }
        if startsAtZero, yScale == .linear { (low, high) = (min(low, 0), max(high, 0)) }
        // Steps counted from 1, or from the first that was logged, read better from 0.
        let isNearZero = xScale == .linear && firstX > 0 && firstX < lastX / 40
        return ((isNearZero ? 0 : firstX)...lastX, low...high)
    }

    // MARK: Parts

    /// Returns the lower edge of what is above the plot.
    private func drawLegend(_ svg: inout SVG) -> Double {
        let named = series.enumerated().filter { !$0.element.isFaint }
        guard named.count > 1 else { return 26 }
        var (x, y) = (10.0, 38.0)
        for (index, series) in named {
            let length = 28 + SVG.width(of: series.name)
            if x + length > width, x > 10 { (x, y) = (10, y + 18) }
            svg.line(
                x, y - 4, x + 18, y - 4,
                style: "stroke:\((series.color ?? .categorical(index)).css);stroke-width:3")
            svg.text(series.name, x + 23, y)
            x += length + 12
        }
        return y
    }

    private func draw(_ frame: Frame, _ svg: inout SVG) {
        for tick in frame.yAxis.ticks {
            guard let fraction = frame.yAxis.fraction(tick.value) else { continue }
            let y = frame.y(fraction)
            svg.line(frame.x.lowerBound, y, frame.x.upperBound, y, style: SVG.grid)
            svg.text(tick.label, frame.x.lowerBound - 7, y + 4, anchor: .end)
        }
        let bottom = frame.y.upperBound
        for tick in frame.xAxis.ticks {
            guard let fraction = frame.xAxis.fraction(tick.value) else { continue }
            let x = frame.x(fraction)
            svg.line(x, bottom, x, bottom + 4, style: SVG.axis)
            svg.text(tick.label, x, bottom + 18, anchor: .middle)
        }
        svg.line(frame.x.lowerBound, bottom, frame.x.upperBound, bottom, style: SVG.axis)
        svg.text(xLabel, (frame.x.lowerBound + frame.x.upperBound) / 2, height - 8, anchor: .middle)
        svg.text(yLabel, 14, (frame.y.lowerBound + bottom) / 2, anchor: .middle, isTurned: true)
    }

    /// The plot's place in the picture.
    private struct Frame {
        let x: ClosedRange<Double>
        let y: ClosedRange<Double>
        let xAxis: ChartAxis
        let yAxis: ChartAxis

        func x(_ fraction: Double) -> Double { x.lowerBound + fraction * (x.upperBound - x.lowerBound) }
        func y(_ fraction: Double) -> Double { y.upperBound - fraction * (y.upperBound - y.lowerBound) }

        /// The points in the picture, parted where one has no place, and thinned out.
        func runs(_ points: [(x: Double, y: Double)]) -> [[(x: Double, y: Double)]] {
            var runs: [[(x: Double, y: Double)]] = [[]]
            for point in points.sorted(by: { $0.x < $1.x }) {
                if let across = xAxis.fraction(point.x), let up = yAxis.fraction(point.y) {
                    runs[runs.count - 1].append((x(across), y(up)))
                } else if runs.last?.isEmpty == false {
                    runs.append([])
                }
            }
            return runs.filter { !$0.isEmpty }.map(LineChart.thinned)
        }
    }

    /// Of the points in each column of pixels the first, the lowest, the highest and the last, so that a long run looks as
    /// it would with all of them.
    package static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        guard points.count > 2000 else { return points }
        var result: [(x: Double, y: Double)] = []
        var start = 0
        while start < points.count {
            let column = points[start].x.rounded(.down)
            let end = points[start...].firstIndex { $0.x.rounded(.down) != column } ?? points.count
            let range = start..<end
            let chosen = [
                range.lowerBound, range.min { points[$0].y < points[$1].y }, range.max { points[$0].y < points[$1].y },
                range.upperBound - 1,
            ].compactMap(\.self)
            for index in Set(chosen).sorted() { result.append(points[index]) }
            start = end
        }
        return result
    }
}
