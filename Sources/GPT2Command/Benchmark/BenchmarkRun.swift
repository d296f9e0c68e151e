import Files
import GPT2
import Runtime
import Tensors

/// Loads a model in one format of the weights after another, measures each, and shows how far it is.
struct BenchmarkRun {
    private let plan: BenchmarkPlan
    private let place: ModelPlace
    private let team: Team
    private var line = ProgressLine()
    private var limits = MachineLimits(bytesPerSecond: 0, operationsPerSecond: 0)
    private var began: ContinuousClock.Instant?
    /// The least seconds of what is done.
    private var done = 0.0

    init(_ plan: BenchmarkPlan, of place: ModelPlace, team: Team) {
        self.plan = plan
        self.place = place
        self.team = team
    }

    /// - Parameter wanted: nil for all formats that the model can be held in.
    mutating func report(_ wanted: [WeightFormat]?) throws(InputError) -> BenchmarkReport {
        // The first one loaded says what the model is. Of all, only one is in memory at a time.
        let (model, first) = try measureFirst(wanted)
        var formats = [first]
        let rest = wanted.map { Array($0.dropFirst()) } ?? Self.others(than: first.weights)
        for (index, format) in rest.enumerated() {
            let loaded = try LoadedModel(place.model, weights: format, team: team)
            formats.append(try measure(loaded, before: Array(rest.dropFirst(index + 1))))
        }
        line.end()
        return BenchmarkReport(
            model: model.place, parameters: model.parameters, threads: team.threads, repetitions: plan.repetitions,
            limits: limits, formats: formats)
    }

    private mutating func measureFirst(
        _ wanted: [WeightFormat]?
    ) throws(InputError) -> (model: (place: String, parameters: Int), format: BenchmarkReport.Format) {
        let loaded = try LoadedModel(place.model, weights: wanted?.first, team: team)
        let model = loaded.model
        // Now, not after minutes of measuring those that can be had.
        for format in wanted ?? [] { try model.source.checkHoldable(as: format) }
        Warnings.write(model.warnings)
        for note in try plan.tasks(for: model.configuration).notes { Warnings.note(note) }
        let rest = wanted.map { Array($0.dropFirst()) } ?? Self.others(than: model.network.head.weight.format)
        return ((model.source.place, model.configuration.parameterCount), try measure(loaded, before: rest))
    }

    /// Floats can be held in any format, what is stored quantised only as it is.
    private static func others(than first: WeightFormat) -> [WeightFormat] {
        first.isQuantized ? [] : WeightFormat.allCases.filter { $0 != first }
    }

    /// - Parameter rest: the formats that follow.
    private mutating func measure(
        _ loaded: LoadedModel, before rest: [WeightFormat]
    ) throws(InputError) -> BenchmarkReport.Format {
        let network = loaded.model.network
        let weights = network.head.weight.format
        let cost = NetworkCost(network)
        let tasks = try plan.tasks(for: loaded.model.configuration).tasks
        let benchmark = try Benchmark(loaded.model, repetitions: plan.repetitions)
        let start = ContinuousClock.now
        try benchmark.warmUp()
        let warmUpSeconds = (.now - start) / .seconds(1)
        // What the process was given for earlier formats it may still have.
        let residentBytes = began == nil ? Processor.residentBytes : nil
        limits = limits.best(MachineLimits(measuring: team))
        if began == nil { began = .now }
        var left = expectedSeconds(tasks, cost)
        for format in rest {
            let ratio = Double(format.panelBytes(inputs: 32)) / Double(weights.panelBytes(inputs: 32))
            left += expectedSeconds(tasks, cost, bytes: ratio)
        }
        let planned = done + left
        var measurements: [BenchmarkMeasurement] = []
        for task in tasks {
            show("\(weights.rawValue), \(task.name)", planned: planned)
            measurements.append(try benchmark.measure(task))
            done += expectedSeconds([task], cost)
        }
        return BenchmarkReport.Format(
            weights: weights, loadSeconds: loaded.seconds, firstTokenSeconds: loaded.seconds + warmUpSeconds,
            weightBytes: cost.weightBytes, residentBytes: residentBytes, measurements: measurements)
    }

    /// What the tasks take at least.
    ///
    /// - Parameter ratio: how many times the bytes of the weights that `cost` is about.
    private func expectedSeconds(_ tasks: [BenchmarkTask], _ cost: NetworkCost, bytes ratio: Double = 1) -> Double {
        let seconds = tasks.reduce(0) { seconds, task in
            var work = task.work(cost)
            work.bytes = Int(ratio * Double(work.bytes))
            return seconds + limits.seconds(for: work)
        }
        return seconds * Double(plan.repetitions + 1)
    }

    private mutating func show(_ name: String, planned: Double) {
        let elapsed = began.map { (.now - $0) / .seconds(1) } ?? 0
        line.show(fraction: done / planned, rate: name, secondsLeft: elapsed * (planned / done - 1))
    }
}
