public import Files

/// A run's report.html: its curves, its samples and its configuration, in one file.
public struct RunReport: Sendable {
    private let metrics: MetricsHistory
    private let samples: [(step: Int, text: String)]
    private let configuration: [(name: String, value: String)]
    private let title: String

    /// Reads what a run has written so far.
    ///
    /// - Parameters:
    ///   - folder: the run's folder, with metrics.jsonl and perhaps samples.jsonl.
    ///   - model: what is trained, for the headline.
    ///   - configuration: the options of the run, as a table is to show them.
    /// - Throws: ``InputError`` if a file cannot be read.
    public init(
        folder: String, model: String, configuration: [(name: String, value: String)]
    ) throws(InputError) {
        metrics = try MetricsHistory(path: "\(folder)/metrics.jsonl")
        samples = try Self.samples(in: "\(folder)/samples.jsonl")
        self.configuration = configuration
        let name = folder.split(separator: "/").last { $0 != "." && $0 != ".." }
        title = (name.map { "\($0): " } ?? "") + model
    }

    private static func samples(in path: String) throws(InputError) -> [(step: Int, text: String)] {
        guard PathKind(path) != .absent else { return [] }
        let file = try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }
        return file.bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let fields = MetricsHistory.fields(line), let step = try? fields.integer("step"),
                let text = try? fields.string("text")
            else { return nil }
            return (step, text)
        }
    }

    /// The file's content.
    public var html: String {
        var page = HTMLPage(title: title)
        page.figures(figures)
        page.pictures([loss, learningRate, gradientNorm, throughput].map(\.svg))
        if !samples.isEmpty {
            page.heading("Samples")
            for (index, sample) in samples.enumerated().reversed() {
                page.text(
                    sample.text, under: "after step \(NumberText.grouped(sample.step))",
                    isOpen: index == samples.count - 1)
            }
        }
        page.heading("Configuration")
        page.table(configuration)
        return page.html
    }

    // MARK: Numbers

    private var figures: [(name: String, value: String)] {
        var figures = [("step", NumberText.grouped(metrics.lastStep))]
        if let last = Self.smoothed(metrics.points("loss")).last {
            figures.append(("loss, lately", NumberText.fixed(last.y, 4)))
        }
        if let best = metrics.points("validation_loss").min(by: { $0.y < $1.y }) {
            figures.append(("best validation loss", NumberText.fixed(best.y, 4)))
            figures.append(("at step", NumberText.grouped(Int(exactly: best.x) ?? metrics.lastStep)))
        }
        let rates = metrics.points("tokens_per_s").map(\.y).sorted()
        if !rates.isEmpty { figures.append(("tokens a second, median", NumberText.short(rates[rates.count / 2]))) }
        return figures
    }

    // MARK: Curves

    private var loss: LineChart {
        let validation = metrics.points("validation_loss")
        var series = Self.withSmoothing("training", metrics.points("loss"), color: .categorical(0))
        if !validation.isEmpty {
            series.append(.init("validation", points: validation, color: .categorical(1)))
        }
        return LineChart(title: "Loss", xLabel: "step", yLabel: "nats a token", series: series)
    }

    private var learningRate: LineChart {
        let rate = LineChart.Series("learning rate", points: metrics.points("learning_rate"), color: .categorical(2))
        return LineChart(
            title: "Learning rate", xLabel: "step", yLabel: "rate", series: [rate], startsAtZero: true)
    }

    private var gradientNorm: LineChart {
        let norm = metrics.points("gradient_norm")
        let sizes = norm.map(\.y).filter { $0 > 0 }
        // A few steps with huge gradients would press all others onto the axis.
        let isWide = (sizes.max() ?? 1) > 30 * (sizes.min() ?? 1)
        return LineChart(
            title: "Gradient norm before clipping", xLabel: "step", yLabel: "norm",
            series: Self.withSmoothing("gradient norm", norm, color: .categorical(3), middle: Self.median),
            yScale: isWide ? .logarithmic : .linear, startsAtZero: true)
    }

    private var throughput: LineChart {
        let rate = LineChart.Series("throughput", points: metrics.points("tokens_per_s"), color: .categorical(5))
        return LineChart(
            title: "Throughput", xLabel: "step", yLabel: "tokens a second", series: [rate], startsAtZero: true)
    }

    /// The points, and a curve through the middle of them where they are many.
    private static func withSmoothing(
        _ name: String, _ points: [(x: Double, y: Double)], color: ChartColor,
        middle: (ArraySlice<Double>) -> Double = mean
    ) -> [LineChart.Series] {
        guard points.count > 60 else { return [.init(name, points: points, color: color)] }
        return [
            .init(name, points: points, color: color, isFaint: true),
            .init(name, points: smoothed(points, middle: middle), color: color),
        ]
    }

    /// At some hundred places, the middle of a sixtieth of the points, half of them before and half after.
    package static func smoothed(
        _ points: [(x: Double, y: Double)], middle: (ArraySlice<Double>) -> Double = mean
    ) -> [(x: Double, y: Double)] {
        let finite = points.filter(\.y.isFinite)
        let values = finite.map(\.y)
        let reach = finite.count / 120
        var places = Array(stride(from: 0, to: finite.count, by: max(finite.count / 400, 1)))
        if let last = places.last, last != finite.count - 1 { places.append(finite.count - 1) }
        return places.map { place in
            (finite[place].x, middle(values[max(place - reach, 0)..<min(place + reach + 1, values.count)]))
        }
    }

    package static func mean(_ values: ArraySlice<Double>) -> Double {
        values.reduce(0, +) / Double(max(values.count, 1))
    }

    /// Not moved by a single value, however far out it is.
    package static func median(_ values: ArraySlice<Double>) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
    }
}
