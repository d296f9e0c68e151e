public import Files

extension TrainingPlan {
    /// - Throws: ``InputError`` of kind `usage` that names the first option whose value makes no sense.
    public func validate() throws(InputError) {
        let counts = [
            ("layers", layers), ("heads", heads), ("channels", channels), ("context", context),
            ("batch-size", batchSize),
            ("accumulate", accumulate), ("steps", steps), ("log-every", logEvery), ("evaluate-every", evaluateEvery),
            ("checkpoint-every", checkpointEvery), ("keep", keep), ("vocab-size", vocabularySize ?? 1),
            ("evaluate-windows", evaluateWindows ?? 1), ("patience", patience ?? 1), ("sample-every", sampleEvery ?? 1),
            ("lora-rank", loraRank ?? 1), ("decay-steps", decaySteps ?? 1),
        ]
        for (option, value) in counts where !(1...(1 << 31)).contains(value) {
            throw Self.invalid(option, "\(value)", "at least 1")
        }
        if initial == nil, !channels.isMultiple(of: heads) {
            throw Self.invalid("heads", "\(heads)", "a divisor of --channels, \(channels)")
        }
        if warmupSteps < 0 { throw Self.invalid("warmup-steps", "\(warmupSteps)", "at least 0") }
        let numbers = [
            ("learning-rate", learningRate), ("muon-learning-rate", muonLearningRate), ("lora-alpha", loraAlpha),
        ]
        for (option, value) in numbers where !(value > 0 && value.isFinite) {
            throw Self.invalid(option, "\(value)", "a number above 0")
        }
        for (option, value) in [("min-learning-rate", minLearningRate), ("weight-decay", weightDecay), ("clip", clip)]
        where !(value >= 0 && value.isFinite) {
            throw Self.invalid(option, "\(value)", "a number of at least 0")
        }
        for (option, value) in [("beta1", beta1), ("beta2", beta2), ("dropout", dropout)]
        where !(value >= 0 && value < 1) {
            throw Self.invalid(option, "\(value)", "from 0 to below 1")
        }
        guard minLearningRate <= learningRate else {
            throw Self.invalid("min-learning-rate", "\(minLearningRate)", "at most --learning-rate, \(learningRate)")
        }
        guard batchSize.multipliedReportingOverflow(by: context * accumulate).partialValue < 1 << 40 else {
            throw Self.invalid("batch-size", "\(batchSize)", "so small that a step can be held in memory")
        }
        if loraRank != nil, initial == nil {
            throw InputError(
                .usage, "adapters need a model to adapt", in: "--lora-rank", advice: "Name one with --init")
        }
    }

    private static func invalid(_ option: String, _ value: String, _ range: String) -> InputError {
        InputError(
            .usage, "the value is \(value), but must be \(range)", in: "--\(option)",
            advice: "\"gpt2 train --help\" says what it means")
    }
}
