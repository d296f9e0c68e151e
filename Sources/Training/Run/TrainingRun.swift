public import Files
internal import GPT2
internal import Layers
public import Runtime
internal import Tensors
internal import Tokenizers

/// One training run in its folder, from the plan to the last checkpoint.
///
/// Killed at any moment and gone on with, it computes every later loss and the final weights as if it had never been
/// stopped, bit for bit.
public final class TrainingRun {
    public let plan: TrainingPlan
    public let directory: RunDirectory
    public let data: TrainingData
    public private(set) var trainer: Trainer
    /// The best loss on the validation data so far, and its step.
    public private(set) var best: (loss: Double, step: Int)?
    /// The step that this process started after.
    public let firstStep: Int

    private let companions: TrainingCheckpoint.Companions
    private let windows: EvaluationWindows?
    private let metrics: MetricsLog
    private let samples: MetricsLog?
    private let events: EventFile
    public let team: Team
    /// Evaluations since the best one.
    private var evaluationsWithoutGain = 0
    private let flopsPerToken: Double

    /// What happens in a run, for whoever shows it.
    public enum Event {
        /// A step that is logged: means over the steps since the last one, `loss` and `gradientNorm` of this step.
        case step(Trainer.StepReport, tokensPerSecond: Double, flops: Double)
        case evaluated(step: Int, loss: Double, isBest: Bool)
        case checkpoint(path: String)
        case sample(step: Int, text: String)
    }

    /// How a run ended.
    public enum Ending: Sendable {
        case finished
        /// No evaluation has been better for as many as the plan's patience.
        case stoppedEarly
        /// Whoever ran it asked to stop; a checkpoint was written.
        case interrupted
    }

    /// Prepares a run: the data, the model, and where it was if the folder holds checkpoints.
    ///
    /// - Parameters:
    ///   - progress: called while texts become tokens, from 0 to 1.
    /// - Throws: ``InputError`` for data or a model that cannot be used, and where checkpoints would not find room.
    public init(
        _ plan: TrainingPlan, in directory: RunDirectory, team: Team = .shared, progress: (Double) -> Void = { _ in }
    ) throws(InputError) {
        self.plan = plan
        self.directory = directory
        self.team = team
        let start = try plan.initial.map { path throws(InputError) in try GPT2Model.Start(path) }
        data = try plan.prepareData(initial: start, folder: "\(directory.path)/tokens", progress: progress)
        let model = try plan.makeModel(data, initial: start, team: team)
        let summaries = try data.check(
            vocabularySize: model.configuration.vocabularySize, contextLength: plan.context)
        try directory.checkData(training: summaries.training, validation: summaries.validation)
        companions = start?.tokenizerFiles ?? data.tokenizer?.files ?? []
        flopsPerToken = model.configuration.trainingFLOPsPerToken(context: plan.context)
        trainer = try Trainer(
            model, data: data.training, settings: plan.settings, adapters: plan.adapters,
            context: ForwardContext(team: team))
        let vocabulary = model.configuration.vocabularySize
        windows =
            data.validation.count > 1
            ? try EvaluationWindows(
                data.validation, vocabularySize: vocabulary, batchSize: plan.batchSize, contextLength: plan.context,
                limit: plan.evaluateWindows)
            : nil
        if let step = directory.checkpointSteps.last {
            let notes = try TrainingCheckpoint.restore(&trainer, from: directory.checkpoint(step: step))
            if let loss = notes["best_loss"], let step = notes["best_step"] { best = (loss, Int(step)) }
            evaluationsWithoutGain = Int(notes["evaluations_without_gain"] ?? 0)
        }
        firstStep = trainer.step
        metrics = try MetricsLog("\(directory.path)/metrics.jsonl", keepingUpTo: trainer.step)
        samples =
            plan.sampleEvery == nil
            ? nil : try MetricsLog("\(directory.path)/samples.jsonl", keepingUpTo: trainer.step)
        events = try EventFile(in: directory.path, keepingUpTo: trainer.step)
        // Weights and two moments, for those that are kept, the best and one being written.
        try directory.checkRoom(for: model.parameterCount * 12 * (plan.keep + 2) + (64 << 20))
    }

    /// Trains to the end of the plan.
    ///
    /// - Parameters:
    ///   - isInterrupted: asked after each step; when it says so, a checkpoint is written and the run ends.
    ///   - observe: told what happens.
    /// - Throws: ``TrainingDiverged`` with the last good checkpoint; ``InputError`` if something cannot be written.
    public func run(isInterrupted: () -> Bool = { false }, observe: (Event) throws -> Void) throws -> Ending {
        let clock = ContinuousClock()
        var start = clock.now
        var steps = 0
        while trainer.step < plan.steps {
            let report = try takeStep()
            steps += 1
            if report.step.isMultiple(of: plan.logEvery) || report.step == plan.steps {
                let seconds = (clock.now - start) / .seconds(1)
                let rate = Double(steps * plan.settings.tokensPerStep) / seconds
                try log(report, tokensPerSecond: rate)
                try observe(.step(report, tokensPerSecond: rate, flops: rate * flopsPerToken))
                (start, steps) = (clock.now, 0)
            }
            let isLast = report.step == plan.steps
            let pause = clock.now
            var isExhausted = false
            if isLast || report.step.isMultiple(of: plan.evaluateEvery) { isExhausted = try evaluate(observe) }
            if let every = plan.sampleEvery, isLast || report.step.isMultiple(of: every) { try sample(observe) }
            let isStopping = isExhausted || isInterrupted()
            if isLast || isStopping || report.step.isMultiple(of: plan.checkpointEvery) { try checkpoint(observe) }
            start += clock.now - pause
            if isLast { break }
            if isExhausted { return .stoppedEarly }
            if isStopping { return .interrupted }
        }
        return .finished
    }

    private func takeStep() throws -> Trainer.StepReport {
        do { return try trainer.takeStep() } catch var failure as TrainingDiverged {
            failure.checkpoint = directory.checkpointSteps.last.map(directory.checkpoint)
            // The curves show how it came about; the failure itself matters more than a report that cannot be written.
            try? directory.writeReport(plan)
            throw failure
        }
    }

    private func log(_ report: Trainer.StepReport, tokensPerSecond: Double) throws(InputError) {
        try record(
            [
                ("loss", report.loss), ("learning_rate", report.learningRate), ("gradient_norm", report.gradientNorm),
                ("tokens_per_s", tokensPerSecond),
            ], at: report.step)
    }

    /// Writes numbers to metrics.jsonl and to TensorBoard's file.
    private func record(_ values: [(name: String, value: Double)], at step: Int) throws(InputError) {
        try metrics.append([("step", "\(step)")] + values.map { ($0.name, $0.value.json) })
        try events.append(step: step, values)
    }

    /// Returns whether the run's patience is at its end.
    private func evaluate(_ observe: (Event) throws -> Void) throws -> Bool {
        guard let windows else { return false }
        let loss = try trainer.evaluate(windows)
        let step = trainer.step
        try record([("validation_loss", loss)], at: step)
        let isBest = loss < best?.loss ?? .infinity
        if isBest {
            best = (loss, step)
            evaluationsWithoutGain = 0
            try TrainingCheckpoint.write(trainer, notes: notes, companions: companions, to: directory.best)
        } else {
            evaluationsWithoutGain += 1
        }
        try observe(.evaluated(step: step, loss: loss, isBest: isBest))
        return plan.patience.map { evaluationsWithoutGain >= $0 } ?? false
    }

    private func checkpoint(_ observe: (Event) throws -> Void) throws {
        let path = directory.checkpoint(step: trainer.step)
        try TrainingCheckpoint.write(trainer, notes: notes, companions: companions, to: path)
        directory.keepLast(plan.keep)
        try directory.writeReport(plan)
        try observe(.checkpoint(path: path))
    }

    private var notes: [String: Double] {
        var notes = ["evaluations_without_gain": Double(evaluationsWithoutGain)]
        if let best { (notes["best_loss"], notes["best_step"]) = (best.loss, Double(best.step)) }
        return notes
    }

    private func sample(_ observe: (Event) throws -> Void) throws {
        guard let tokenizer = data.tokenizer else { return }
        let model = GPT2Model(network: trainer.mergedModel.packed(team: team), tokenizer: tokenizer, team: team)
        // The start token, or the text's first, where the model knows no end of text.
        let prompt = plan.samplePrompt.isEmpty && model.startToken == nil ? "\n" : plan.samplePrompt
        let generation = try Generation(
            model, prompt: prompt, options: GenerationOptions(maxTokens: 200, seed: UInt64(trainer.step)))
        var text = plan.samplePrompt
        while let piece = try generation.next() { text += piece.text }
        try samples?.append([("step", "\(trainer.step)"), ("text", text.jsonEscaped)])
        try observe(.sample(step: trainer.step, text: text))
    }
}
