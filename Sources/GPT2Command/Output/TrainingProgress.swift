import Runtime
import Training

/// Shows how a training run goes: a line on standard error for each logged step, the ending on standard output.
final class TrainingProgress {
    private let run: TrainingRun
    private let format: OutputOptions.Format
    private var peak = 0.0
    private var nextLook = ContinuousClock.now
    private let start = ContinuousClock.now
    private var lastLoss: Double?

    init(_ run: TrainingRun, format: OutputOptions.Format) {
        self.run = run
        self.format = format
    }

    /// The best of some looks at what the processor can do: at any one, other programs may have it.
    private func updatePeak(beside flops: Double) {
        let now = ContinuousClock.now
        if now < nextLook && flops <= peak { return }
        peak = max(peak, Processor.measuredFLOPs(team: run.team), flops)
        nextLook = now + .seconds(30)
    }

    /// Says what is about to happen.
    func begin() {
        let plan = run.plan
        let model = run.trainer.model
        let tokens = plan.settings.tokensPerStep
        StandardError.line(
            """
            \(model.parameterCount.grouped) parameters; \(run.data.training.count.grouped) tokens to train with, \
            \(run.data.validation.count.grouped) to validate with
            \(plan.steps.grouped) steps of \(tokens.grouped) tokens: \
            \((Double(plan.steps) * Double(tokens) / Double(max(run.data.training.count, 1))).short) times the training tokens
            """)
        if run.firstStep > 0 { StandardError.line("going on after step \(run.firstStep)") }
    }

    func show(_ event: TrainingRun.Event) {
        switch event {
        case .step(let report, let rate, let flops): showStep(report, tokensPerSecond: rate, flops: flops)
        case .evaluated(let step, let loss, let isBest):
            clearLine()
            StandardError.line("step \(step): validation loss \(loss.fixed(4))\(isBest ? ", the best so far" : "")")
        case .checkpoint: break
        case .sample(let step, let text):
            clearLine()
            StandardError.line("sample at step \(step):\n\(text)\n")
        }
    }

    private func showStep(_ report: Trainer.StepReport, tokensPerSecond: Double, flops: Double) {
        lastLoss = report.loss
        let plan = run.plan
        let left = Double(plan.steps - report.step) * Double(plan.settings.tokensPerStep) / tokensPerSecond
        updatePeak(beside: flops)
        let share = peak > 0 ? ", \((flops / peak).percent) of the peak" : ""
        let memory = Processor.peakResidentBytes.map { ", \($0.bytes)" } ?? ""
        let figures =
            "step \(report.step)/\(plan.steps), loss \(report.loss.fixed(4)), \(tokensPerSecond.short) tokens/s"
            + "\(share)\(memory), \(ProgressLine.duration(left)) left"
        if StandardError.isTerminal {
            StandardError.write("\r\(figures)\u{1B}[K")
        } else {
            StandardError.line(figures)
        }
    }

    private func clearLine() {
        if StandardError.isTerminal { StandardError.write("\r\u{1B}[K") }
    }

    /// Leaves the progress line.
    func end() { clearLine() }

    /// What a run came to.
    private struct Document: Encodable {
        let ending: String
        let steps: Int
        let loss: Double?
        let bestValidationLoss: Double?
        let bestStep: Int?
        let model: String
        let seconds: Double

        enum CodingKeys: String, CodingKey {
            case ending
            case steps
            case loss
            case bestValidationLoss = "best_validation_loss"
            case bestStep = "best_step"
            case model
            case seconds
        }
    }

    func conclude(_ ending: TrainingRun.Ending) throws {
        let best = run.best
        let model = best == nil ? run.directory.checkpoint(step: run.trainer.step) : run.directory.best
        let word =
            switch ending {
            case .finished: "finished"
            case .stoppedEarly: "stopped early"
            case .interrupted: "interrupted"
            }
        switch format {
        case .json:
            try JSONOutput.write(
                Document(
                    ending: word, steps: run.trainer.step, loss: lastLoss, bestValidationLoss: best?.loss,
                    bestStep: best?.step, model: model, seconds: (ContinuousClock.now - start) / .seconds(1)))
        case .text:
            var text = "\(word) after step \(run.trainer.step)"
            if let best { text += ", best validation loss \(best.loss.fixed(4)) at step \(best.step)" }
            try StandardOutput.line("\(text)\n\(model)")
        }
    }
}
