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

    /// What the user should know about the plan and the model that it starts from.
    public let warnings: [String]

    /// Nil where only token ids are known.
    private let tokenizer: Tokenizer?
    private let companions: TrainingCheckpoint.Companions
    private let windows: EvaluationWindows
    private let metrics: MetricsLog
    private let samples: MetricsLog?
    private let samplePrompt: [TokenID]
    private let events: EventFile
    public let team: Team
    /// Evaluations since the best one.
    private var evaluationsWithoutGain = 0
    /// Whether no loss is known of the weights of the last checkpoint.
    private var isLastUnproven = true
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
        self.directory = directory
        self.team = team
        let last = directory.checkpointSteps.last
        var origin = plan.initial
        // A checkpoint has all that the start model gave, which need not be there any more. Adapters need its weights.
        if plan.initial != nil, plan.loraRank == nil, let last { origin = directory.checkpoint(step: last) }
        let start = try origin.map { path throws(InputError) in try StartModel(path) }
        let prepared = try plan.prepareData(
            start: start, folder: "\(directory.path)/\(RunDirectory.tokensName)", progress: progress)
        data = prepared.data
        tokenizer = prepared.tokenizer
        companions = prepared.tokenizerFiles
        let model = try plan.makeModel(data, start: start, team: team)
        let configuration = model.configuration
        self.plan = start == nil ? plan : plan.describing(configuration)
        warnings = (start?.warnings ?? []) + plan.warnings
        let summaries = try data.check(vocabularySize: configuration.vocabularySize, contextLength: plan.context)
        try directory.checkData(
            training: summaries.training, validation: summaries.validation,
            weights: plan.loraRank == nil ? nil : model.fingerprint)
        flopsPerToken = configuration.trainingFLOPsPerToken(context: plan.context, isFrozen: plan.loraRank != nil)
        trainer = try Trainer(
            model, data: data.training, settings: plan.settings, adapters: plan.adapters,
            context: ForwardContext(team: team))
        windows = try EvaluationWindows(
            data.validation, vocabularySize: configuration.vocabularySize, batchSize: plan.batchSize,
            contextLength: plan.context, limit: plan.evaluateWindows)
        if let last {
            let path = directory.checkpoint(step: last)
            let notes = try TrainingCheckpoint.restore(&trainer, from: path)
            guard trainer.step == last else {
                throw Self.damaged(path, "the folder's name says step \(last), and what is in it step \(trainer.step)")
            }
            (best, evaluationsWithoutGain) = try Self.evaluations(notes, in: path)
        }
        firstStep = trainer.step
        samplePrompt =
            plan.sampleEvery == nil
            ? []
            : try plan.sampleStart(GPT2Model(network: trainer.model, tokenizer: tokenizer, team: team), data)
        metrics = try MetricsLog("\(directory.path)/\(RunDirectory.metricsName)", keepingUpTo: trainer.step)
        samples =
            plan.sampleEvery == nil
            ? nil : try MetricsLog("\(directory.path)/\(RunDirectory.samplesName)", keepingUpTo: trainer.step)
        events = try EventFile(in: directory.path, keepingUpTo: trainer.step)
        try directory.checkRoom(for: neededBytes)
        if self.plan != plan { try directory.write(self.plan) }
    }

    /// What the run knew of its evaluations when a checkpoint was written.
    private static func evaluations(
        _ notes: [String: Double], in path: String
    ) throws(InputError) -> (best: (loss: Double, step: Int)?, withoutGain: Int) {
        func count(_ name: String) throws(InputError) -> Int {
            let value = notes[name] ?? 0
            guard let count = Int(exactly: value), count >= 0 else {
                throw damaged(path, "\(name.quoted) is \(value), which is no count")
            }
            return count
        }
        let withoutGain = try count("evaluations_without_gain")
        guard let loss = notes["best_loss"] else { return (nil, withoutGain) }
        guard loss.isFinite else { throw damaged(path, "\"best_loss\" is \(loss)") }
        return ((loss, try count("best_step")), withoutGain)
    }

    private static func damaged(_ path: String, _ problem: String) -> InputError {
        InputError(
            .data, "the checkpoint is damaged: \(problem)", in: path,
            advice: "Remove the folder, and go on from the checkpoint before it")
    }

    /// The room on the disk for the checkpoints that are still to come, of which some take the place of others.
    private var neededBytes: Int {
        let coming = (plan.steps - trainer.step + plan.checkpointEvery - 1) / plan.checkpointEvery
        let present = directory.checkpointSteps.count
        // Those that are kept and one being written; and the best.
        let missing = min(plan.keep + 1, present + coming) - present + (directory.hasBest ? 0 : 1)
        let bytes = Double(max(missing, 0)) * Double(trainer.checkpointBytes) + 0x1p26
        return Int(exactly: bytes.rounded()) ?? .max
    }

    /// Trains to the end of the plan.
    ///
    /// - Parameters:
    ///   - isInterrupted: asked after each step; when it says so, a checkpoint is written and the run ends.
    ///   - observe: told what happens.
    /// - Throws: ``TrainingDiverged`` with the last good checkpoint; ``InputError`` if something cannot be written.
    public func run(isInterrupted: () -> Bool = { false }, observe: (Event) throws -> Void) throws -> Ending {
        // As the process before this one found.
        if trainer.step < plan.steps, isExhausted { return .stoppedEarly }
        let clock = ContinuousClock()
        var start = clock.now
        var steps = 0
        while trainer.step < plan.steps {
            let report = try takeStep()
            steps += 1
            if report.step.isMultiple(of: plan.logEvery) || report.step == plan.steps {
                let seconds = (clock.now - start) / .seconds(1)
                let rate = Double(steps) * Double(plan.settings.tokensPerStep) / seconds
                try log(report, tokensPerSecond: rate)
                try observe(.step(report, tokensPerSecond: rate, flops: rate * flopsPerToken))
                (start, steps) = (clock.now, 0)
            }
            let isLast = report.step == plan.steps
            let pause = clock.now
            let isEvaluated = isLast || report.step.isMultiple(of: plan.evaluateEvery)
            if isEvaluated { try evaluate(observe) }
            if let every = plan.sampleEvery, isLast || report.step.isMultiple(of: every) { try sample(observe) }
            let isStopping = isExhausted || isInterrupted()
            if isLast || isStopping || report.step.isMultiple(of: plan.checkpointEvery) {
                try checkpoint(isProven: isEvaluated, observe)
            }
            start += clock.now - pause
            if isLast { break }
            if isExhausted { return .stoppedEarly }
            if isStopping { return .interrupted }
        }
        return .finished
    }

    /// Whether the run's patience is at its end.
    private var isExhausted: Bool { plan.patience.map { evaluationsWithoutGain >= $0 } ?? false }

    private func takeStep() throws -> Trainer.StepReport {
        let report = try findingGoodCheckpoint { try trainer.takeStep() }
        // The loss was that of the last checkpoint's weights, so older ones may go.
        if isLastUnproven {
            directory.keepLast(plan.keep)
            isLastUnproven = false
        }
        return report
    }

    /// Where training diverges, names the last checkpoint whose weights did not.
    private func findingGoodCheckpoint<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch var failure as TrainingDiverged {
            directory.setAside(step: trainer.step)
            failure.checkpoint =
                directory.checkpointSteps.last.map(directory.checkpoint)
                ?? best.flatMap { $0.step < trainer.step ? directory.best : nil }
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

    private func evaluate(_ observe: (Event) throws -> Void) throws {
        let loss = try findingGoodCheckpoint { try trainer.evaluate(windows) }
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
    }

    /// - Parameter isProven: whether a loss of the weights is known. If not, the checkpoints before this one stay until it is.
    private func checkpoint(isProven: Bool, _ observe: (Event) throws -> Void) throws {
        let path = directory.checkpoint(step: trainer.step)
        try TrainingCheckpoint.write(trainer, notes: notes, companions: companions, to: path)
        if isProven { directory.keepLast(plan.keep) }
        isLastUnproven = !isProven
        try directory.writeReport(plan)
        try observe(.checkpoint(path: path))
    }

    private var notes: [String: Double] {
        var notes = ["evaluations_without_gain": Double(evaluationsWithoutGain)]
        if let best { (notes["best_loss"], notes["best_step"]) = (best.loss, Double(best.step)) }
        return notes
    }

    private func sample(_ observe: (Event) throws -> Void) throws {
        let model = GPT2Model(network: trainer.mergedModel.packed(team: team), tokenizer: tokenizer, team: team)
        let generation = try Generation(
            model, prompt: samplePrompt, options: GenerationOptions(maxTokens: 200, seed: UInt64(trainer.step)))
        var text = plan.samplePrompt
        // Logits that are not numbers end the text; the next loss says so aloud.
        while let piece = try? generation.next() { text += piece.text }
        try samples?.append([("step", "\(trainer.step)"), ("text", text.jsonEscaped)])
        try observe(.sample(step: trainer.step, text: text))
    }
}

extension TrainingPlan {
    /// The tokens that samples start from.
    ///
    /// - Throws: ``InputError`` of kind `usage` if there is no tokenizer, `data` if the prompt does not become tokens or is
    ///   too long.
    fileprivate func sampleStart(_ model: GPT2Model, _ data: TrainingData) throws(InputError) -> [TokenID] {
        guard let tokenizer = model.tokenizer else {
            throw InputError(
                .usage, "there is no tokenizer to write samples with", in: "--sample-every",
                advice: "Leave it out, or name the tokenizer of the tokens with --tokenizer")
        }
        if samplePrompt.isEmpty, model.startToken == nil {
            // The model knows no end of text, after which one would begin.
            let newline = tokenizer.encode("\n")
            return newline.isEmpty ? data.training.ids(0..<1) : newline
        }
        do throws(InputError) { return try model.promptTokens(samplePrompt) } catch {
            throw InputError(error.kind, error.problem, in: "--sample-prompt", advice: error.advice)
        }
    }
}
