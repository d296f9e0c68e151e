public import ArgumentParser
import Files
import Runtime
public import Training

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a GPT-2, from nothing or further.",
        discussion: """
            Text becomes tokens, tokens become a model. The run's folder holds the plan, the metrics, a report to look at, \
            and checkpoints: model folders that every command takes as --model, and that Hugging Face transformers loads. \
            Ctrl-C writes a checkpoint and leaves; --resume goes on as if nothing had happened, bit for bit.

              gpt2 train --preset char --text shakespeare.txt --out runs/shakespeare
              gpt2 train --out runs/shakespeare --resume
              gpt2 train --init models/gpt2 --text diary.txt --out runs/diary --steps 500 \\
                --learning-rate 3e-5 --context 512 --batch-size 1 --accumulate 16
              gpt2 generate --model runs/shakespeare/checkpoints/best

            Presets: char, stories, gpt2, gpt2-medium, gpt2-large, gpt2-xl. The tokenizer is --tokenizer char or a folder, \
            else that of --init.
            """)

    @Option(help: ArgumentHelp("The folder of the run.", valueName: "folder"))
    var out: String

    @Flag(help: "Go on with the run in the folder, from its last checkpoint.")
    var resume = false

    @Option(help: "Values to start from; options given beside it go before them.")
    var preset: TrainingPreset?

    @OptionGroup(title: "Data") var data: TrainingDataOptions
    @OptionGroup(title: "Model") var model: TrainingModelOptions
    @OptionGroup(title: "Optimization") var optimization: OptimizationOptions
    @OptionGroup(title: "What is written") var reporting: ReportingOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if !resume, data.text.isEmpty, data.tokens == nil {
            throw ValidationError("There is nothing to train with: give --text or --tokens.")
        }
        if !data.text.isEmpty, data.tokens != nil {
            throw ValidationError("--text and --tokens exclude each other: give one of them.")
        }
        if resume, preset != nil {
            throw ValidationError("--preset and --resume exclude each other: the run has its plan already.")
        }
        if !resume { try refuseIdleOptions() }
    }

    /// Refuses options of a new run that others leave without effect.
    private func refuseIdleOptions() throws {
        func refuse(_ option: String, _ isGiven: Bool, _ reason: String) throws {
            if isGiven { throw ValidationError("--\(option) has no effect here: \(reason).") }
        }
        if data.tokens != nil {
            let reason = "--tokens are tokens already"
            try refuse("validation-text", !data.validationText.isEmpty, reason)
            try refuse("tokenizer char", data.tokenizer == "char", reason)
        }
        if model.initial != nil {
            let reason = "the model of --init has its shape"
            try refuse("layers", model.layers != nil, reason)
            try refuse("heads", model.heads != nil, reason)
            try refuse("channels", model.channels != nil, reason)
            try refuse("vocab-size", model.vocabSize != nil, reason)
        }
        if model.loraRank == nil {
            let reason = "without --lora-rank there are no adapters"
            try refuse("lora-alpha", model.loraAlpha != nil, reason)
            try refuse("lora-targets", !model.loraTargets.isEmpty, reason)
        }
        if data.tokens == nil || data.tokenizer != nil {
            try refuse("vocab-size", model.vocabSize != nil, "the tokenizer has its vocabulary")
        }
        // What a preset says counts as well.
        let plan = overlaid(on: (preset ?? .char).plan(withTokenizer: false))
        if plan.optimizer != .muon {
            let reason = "it is Muon's, and the optimizer is AdamW alone"
            try refuse("muon-learning-rate", optimization.muonLearningRate != nil, reason)
            try refuse("muon-weight-decay", optimization.muonWeightDecay != nil, reason)
        }
        if plan.schedule == .constant {
            let reason = "with --schedule constant the rate does not fall"
            try refuse("min-learning-rate", optimization.minLearningRate != nil, reason)
        }
        if plan.sampleEvery == nil {
            try refuse("sample-prompt", reporting.samplePrompt != nil, "without --sample-every there are no samples")
        }
    }

    func run() throws {
        Warnings.writeIfDebugBuild()
        let directory: RunDirectory
        let plan: TrainingPlan
        if resume {
            directory = try RunDirectory(resuming: out)
            let old = try directory.plan()
            plan = overlaid(on: old)
            try plan.validate()
            if let difference = plan.differences(from: old, after: directory.checkpointSteps.last ?? 0).first {
                throw InputError(
                    .usage,
                    "--\(difference.option) was \(difference.was) when the run began, and is \(difference.isNow) now",
                    in: out, advice: difference.advice)
            }
            try directory.write(plan)
        } else {
            // A preset's tokenizer is for texts that nothing else says how to read.
            let isAlone = preset != nil && model.initial == nil && data.tokens == nil
            plan = overlaid(on: (preset ?? .char).plan(withTokenizer: isAlone))
            try plan.validate()
            directory = try RunDirectory(creating: out, plan)
        }
        try train(plan, directory)
    }

    private func overlaid(on base: TrainingPlan) -> TrainingPlan {
        var plan = base
        data.overlay(&plan)
        model.overlay(&plan)
        optimization.overlay(&plan)
        reporting.overlay(&plan)
        return plan
    }

    private func prepare(_ plan: TrainingPlan, _ directory: RunDirectory) throws -> TrainingRun {
        var line = ProgressLine()
        defer { line.end() }
        return try TrainingRun(plan, in: directory, team: threads.team) { fraction in
            line.show(fraction: fraction, rate: "reading the text", secondsLeft: .infinity)
        }
    }

    private func train(_ plan: TrainingPlan, _ directory: RunDirectory) throws {
        let run = try prepare(plan, directory)
        Warnings.write(run.warnings)
        let progress = TrainingProgress(run, format: output.format)
        progress.begin()
        let ending: TrainingRun.Ending
        do {
            defer { progress.end() }
            ending = try Interruption.deferred {
                try run.run(isInterrupted: Interruption.take, observe: progress.show)
            }
        }
        try progress.conclude(ending)
        if ending == .interrupted { throw Interrupted() }
    }
}

extension TrainingPreset: ExpressibleByArgument {}
