import GPT2
import Runtime

/// What `bench` shows.
struct BenchmarkText {
    private let report: BenchmarkReport

    init(_ report: BenchmarkReport) { self.report = report }

    var text: String {
        let limits = report.limits
        return """
            \(report.model.harmless): \(report.parameters.grouped) parameters
            \(report.threads) \(report.threads == 1 ? "thread" : "threads"), \(Processor.instructionSet): \
            \((limits.bytesPerSecond / 1e9).short) GB/s read from memory, \
            \((limits.operationsPerSecond / 1e9).short) GFLOP/s of multiply-adds on floats

            \(loading.text)
            \(speeds.text)
            """
    }

    private var loading: Table {
        var table = Table([
            "weights": .left, "bytes": .right, "load": .right, "first token": .right, "resident": .right,
        ])
        for format in report.formats {
            table.append(
                format.weights.rawValue, format.weightBytes.bytes, "\(format.loadSeconds.fixed(3)) s",
                "\(format.firstTokenSeconds.fixed(3)) s", format.residentBytes?.bytes ?? "–")
        }
        return table
    }

    /// A line for each measurement: what it reached, what it needs for a token, what the machine allows.
    private var speeds: Table {
        var table = Table([
            "weights": .left, "work": .left, "sequences": .right, "tokens/s": .right, "lowest–highest": .right,
            "bytes/token": .right, "MFLOP/token": .right, "limit": .right, "share": .right,
        ])
        for format in report.formats {
            if format.weights != report.formats.first?.weights { table.appendRule() }
            for measurement in format.measurements {
                let (task, work) = (measurement.task, measurement.work)
                let limit = Double(task.tokens) / report.limits.seconds(for: work)
                table.append(
                    format.weights.rawValue, task.name, "\(task.sequences)", measurement.tokensPerSecond.short,
                    "\(measurement.slowestTokensPerSecond.short)–\(measurement.fastestTokensPerSecond.short)",
                    (work.bytes / task.tokens).bytes, (Double(work.operations) / Double(task.tokens) / 1e6).short,
                    limit.short, measurement.share(of: report.limits).percent)
            }
        }
        return table
    }
}
