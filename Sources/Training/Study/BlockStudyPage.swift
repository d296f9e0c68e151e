/// A study of block designs as one self-contained page: loss curves, gradients by depth, activations by layer, samples.
public struct BlockStudyPage: Sendable {
    private let study: BlockStudy
    private let records: [BlockStudy.Record]

    public init(_ study: BlockStudy, _ records: [BlockStudy.Record]) {
        self.study = study
        self.records = records
    }

    /// The file's content.
    public var html: String {
        var page = HTMLPage(title: "What residual connections and layer norms are for")
        let shape = study.shape
        page.paragraph(
            "The same GPT-2 (\(shape.layers) layers, \(shape.heads) heads, \(shape.channels) channels, a context of "
                + "\(shape.context)) five times, from the same weights, on the same \(study.steps) batches of \(study.batchSize) "
                + "sequences. Only the way in which a block is put together differs; f is attention or the feed-forward network."
        )
        var losses: [(name: String, value: String)] = records.map { record in
            let loss = Self.rounded(record.validationLoss)
            return ("\(record.design.rawValue): \(record.design.formula)", "validation loss \(loss) nats a token")
        }
        losses.append(
            ("a guess by frequency", "loss \(Self.rounded(frequencyLoss)) nats a token of the training batches"))
        page.table(losses)

        page.heading("Loss")
        page.paragraph(
            "A residual connection carries what came in past each part, so that a deep stack begins as something simple and can "
                + "learn from its first step. Without it, all that reaches the head has gone through every layer: the deeper "
                + "the stack, the longer it may do no better than a guess by frequency, which reads nothing.")
        page.pictures([lossCurves])

        page.heading("Gradients by depth")
        page.paragraph(
            "The norm of each block's gradient, over time; the first block is at the top. Look for rows that differ by powers of "
                + "ten: where nothing goes around a part, a gradient is multiplied by each layer on its way down.")
        page.pictures(records.map(gradients))

        page.heading("Activations by layer")
        page.paragraph(
            "The root mean square of what leaves each block, and its mean; row 0 is what enters the first. Look for streams that "
                + "grow or fade from block to block, which norms prevent, and for means as large as the root mean square."
        )
        page.pictures(records.flatMap { [activations($0), means($0)] })

        page.heading("Samples")
        for record in records {
            page.text(record.sample, under: record.design.rawValue, isOpen: record.design == .preNorm)
        }
        return page.html
    }

    private var lossCurves: String {
        var series = records.map { record in
            LineChart.Series(
                record.design.rawValue,
                points: RunReport.smoothed(record.losses.enumerated().map { (Double($0.offset + 1), $0.element) }))
        }
        let last = Double(records.map(\.losses.count).max() ?? 1)
        series.append(
            .init("a guess by frequency", points: [(1, frequencyLoss), (last, frequencyLoss)]))
        return LineChart(title: "Training loss", xLabel: "step", yLabel: "nats a token", series: series).svg
    }

    /// Of the record that saw most: all see the same batches, as far as they come.
    private var frequencyLoss: Double {
        records.max { $0.losses.count < $1.losses.count }?.frequencyLoss ?? .nan
    }

    private func gradients(_ record: BlockStudy.Record) -> String {
        map("Gradient norm", record, record.gradientNorms, row: "block", first: 1, scale: .logarithmic)
    }

    private func activations(_ record: BlockStudy.Record) -> String {
        map("Activation size", record, record.activationSizes, row: "after block", first: 0, scale: .logarithmic)
    }

    private func means(_ record: BlockStudy.Record) -> String {
        map("Activation mean", record, record.activationMeans, row: "after block", first: 0, colors: .diverging)
    }

    /// Figures by layer, from layer `first` on, and step.
    private func map(
        _ title: String, _ record: BlockStudy.Record, _ figures: [[Double]], row: String, first: Int,
        colors: HeatMap.Colors = .sequential, scale: ChartScale = .linear
    ) -> String {
        HeatMap(
            title: "\(title): \(record.design.rawValue)", xLabel: "step", yLabel: row, values: Self.transposed(figures),
            rowLabels: (first...study.shape.layers).map(String.init), columnLabels: record.lookedAt.map(String.init),
            colors: colors, scale: scale
        ).svg
    }

    /// Columns of figures as rows.
    private static func transposed(_ columns: [[Double]]) -> [[Double?]] {
        guard let first = columns.first else { return [] }
        return first.indices.map { row in columns.map { $0[row] } }
    }

    private static func rounded(_ value: Double) -> String {
        value.isFinite ? "\((value * 1000).rounded() / 1000)" : "not a number"
    }
}
