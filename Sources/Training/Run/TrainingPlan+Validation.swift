public import Files
internal import GPT2

extension TrainingPlan {
    /// - Throws: ``InputError`` of kind `usage` that names the first option whose value makes no sense.
    public func validate() throws(InputError) {
        let many = 1 << 31
        let counts = [
            ("layers", layers, GPT2Configuration.maximumLayers), ("heads", heads, GPT2Configuration.maximumWidth),
            ("channels", channels, GPT2Configuration.maximumWidth),
            ("context", context, GPT2Configuration.maximumContext),
            ("vocab-size", vocabularySize ?? 1, GPT2Configuration.maximumVocabulary), ("batch-size", batchSize, many),
            ("accumulate", accumulate, many), ("steps", steps, many), ("log-every", logEvery, many),
            ("evaluate-every", evaluateEvery, many), ("checkpoint-every", checkpointEvery, many), ("keep", keep, many),
            ("evaluate-windows", evaluateWindows ?? 1, many), ("patience", patience ?? 1, many),
            ("sample-every", sampleEvery ?? 1, many), ("lora-rank", loraRank ?? 1, many),
            ("decay-steps", decaySteps ?? 1, many),
        ]
        for (option, value, maximum) in counts where !(1...maximum).contains(value) {
            throw Self.invalid(option, "\(value)", "from 1 to \(maximum)")
        }
        if initial == nil, !channels.isMultiple(of: heads) {
            throw Self.invalid("heads", "\(heads)", "a divisor of --channels, \(channels)")
        }
        if !(0...many).contains(warmupSteps) {
            throw Self.invalid("warmup-steps", "\(warmupSteps)", "from 0 to \(many)")
        }
        let numbers = [
            ("learning-rate", learningRate), ("muon-learning-rate", muonLearningRate), ("lora-alpha", loraAlpha),
        ]
        for (option, value) in numbers where !(value > 0 && value.isFinite) {
            throw Self.invalid(option, "\(value)", "a number above 0")
        }
        let amounts = [
            ("min-learning-rate", minLearningRate), ("weight-decay", weightDecay),
            ("muon-weight-decay", muonWeightDecay ?? 0), ("clip", clip),
        ]
        for (option, value) in amounts where !(value >= 0 && value.isFinite) {
            throw Self.invalid(option, "\(value)", "a number of at least 0")
        }
        for (option, value) in [("beta1", beta1), ("beta2", beta2), ("dropout", dropout)]
        where !(value >= 0 && value < 1) {
            throw Self.invalid(option, "\(value)", "from 0 to below 1")
        }
        guard minLearningRate <= learningRate else {
            throw Self.invalid("min-learning-rate", "\(minLearningRate)", "at most --learning-rate, \(learningRate)")
        }
        guard Double(batchSize) * Double(context) * Double(accumulate) < 0x1p40 else {
            throw Self.invalid("batch-size", "\(batchSize)", "so small that a step has less than 2^40 tokens")
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

    /// What can be done, but is hardly what was meant.
    var warnings: [String] {
        var warnings: [String] = []
        if warmupSteps >= steps {
            warnings.append(
                "the rate never reaches --learning-rate: --warmup-steps is \(warmupSteps), and --steps \(steps)")
        } else if let decaySteps, schedule == .constant {
            warnings.append("--decay-steps \(decaySteps) does nothing: --schedule is constant")
        } else if let decaySteps, decaySteps > steps - warmupSteps {
            warnings.append(
                "the rate falls in \(steps - warmupSteps) steps, not in --decay-steps \(decaySteps): the warm-up takes the "
                    + "others")
        }
        return warnings
    }
}
