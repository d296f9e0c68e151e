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
        page.table(
            records.map { record in
                let loss = Self.rounded(record.validationLoss)
                return ("\(record.design.rawValue): \(record.design.formula)", "validation loss \(loss) nats a token")
            })

        page.heading("Loss")
        page.paragraph(
            "A residual connection carries what came in past each part, so that a deep stack begins as something simple and "
                + "learns from its first step. Without it, all that reaches the head has gone through every layer, and the loss "
                + "stays where a guess by frequency puts it.")
        page.pictures([losses])

        page.heading("Gradients by depth")
        page.paragraph(
            "The norm of each block's gradient, over time; the first block is at the top. Where nothing goes around a part, "
                + "gradients shrink or grow from layer to layer on their way down.")
        page.pictures(records.map(gradients))

        page.heading("Activations by layer")
        page.paragraph(
            "The root mean square of what leaves each block; row 0 is what enters the first. A residual stream without norms grows as "
                + "it likes; one with neither fades away.")
        page.pictures(records.map(activations))

        page.heading("Samples")
        for record in records {
            page.text(record.sample, under: record.design.rawValue, isOpen: record.design == .preNorm)
        }
        return page.html
    }

    private var losses: String {
        let series = records.map { record in
            LineChart.Series(
                record.design.rawValue,
                points: RunReport.smoothed(record.losses.enumerated().map { (Double($0.offset + 1), $0.element) }))
        }
        return LineChart(title: "Training loss", xLabel: "step", yLabel: "nats a token", series: series).svg
    }

    private func gradients(_ record: BlockStudy.Record) -> String {
        HeatMap(
            title: "Gradient norm: \(record.design.rawValue)", xLabel: "step", yLabel: "block",
            values: Self.transposed(record.gradientNorms), rowLabels: (1...study.shape.layers).map(String.init),
            columnLabels: record.lookedAt.map(String.init), scale: .logarithmic
        ).svg
    }

    private func activations(_ record: BlockStudy.Record) -> String {
        HeatMap(
            title: "Activation size: \(record.design.rawValue)", xLabel: "step", yLabel: "after block",
            values: Self.transposed(record.activationSizes), rowLabels: (0...study.shape.layers).map(String.init),
            columnLabels: record.lookedAt.map(String.init), scale: .logarithmic
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
