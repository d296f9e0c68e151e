import ArgumentParser
import Training

/// What a run writes, and when. These may change when a run is gone on with.
struct ReportingOptions: ParsableArguments {
    @Option(help: "Steps from one line of metrics to the next.")
    var logEvery: Int?

    @Option(help: "Steps from one validation to the next.")
    var evaluateEvery: Int?

    @Option(help: "Windows of the validation data to take, spread evenly; 0 takes all.")
    var evaluateWindows: Int?

    @Option(help: "Steps from one checkpoint to the next.")
    var checkpointEvery: Int?

    @Option(help: "How many checkpoints to keep besides the best.")
    var keep: Int?

    @Option(help: "Stop after so many validations without a better loss.")
    var patience: Int?

    @Option(help: "Steps from one sample to the next.")
    var sampleEvery: Int?

    @Option(help: "The text that samples start from.")
    var samplePrompt: String?

    func overlay(_ plan: inout TrainingPlan) {
        if let logEvery { plan.logEvery = logEvery }
        if let evaluateEvery { plan.evaluateEvery = evaluateEvery }
        if let evaluateWindows { plan.evaluateWindows = evaluateWindows == 0 ? nil : evaluateWindows }
        if let checkpointEvery { plan.checkpointEvery = checkpointEvery }
        if let keep { plan.keep = keep }
        if let patience { plan.patience = patience }
        if let sampleEvery { plan.sampleEvery = sampleEvery }
        if let samplePrompt { plan.samplePrompt = samplePrompt }
    }
}
