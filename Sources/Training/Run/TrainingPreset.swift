/// Plans for usual cases, to start from.
public enum TrainingPreset: String, Sendable, CaseIterable {
    /// nanoGPT's setting for a CPU: a small model of characters, some minutes.
    case char
    /// A small story teller, some hours: what the model inside this package was trained with.
    case stories
    /// The published sizes.
    case gpt2
    case gpt2Medium = "gpt2-medium"
    case gpt2Large = "gpt2-large"
    case gpt2XL = "gpt2-xl"

    /// - Parameter withTokenizer: whether the preset's tokenizer counts.
    public func plan(withTokenizer: Bool) -> TrainingPlan {
        var plan = plan
        if !withTokenizer { plan.tokenizer = nil }
        return plan
    }

    public var plan: TrainingPlan {
        var plan = TrainingPlan()
        switch self {
        case .char: plan.tokenizer = "char"
        case .stories:
            (plan.layers, plan.heads, plan.channels, plan.context) = (4, 8, 256, 512)
            plan.optimizer = .muon
            plan.schedule = .linear
            (plan.learningRate, plan.minLearningRate, plan.warmupSteps) = (3e-3, 0, 40)
            (plan.beta2, plan.weightDecay) = (0.95, 0)
            (plan.batchSize, plan.steps, plan.decaySteps) = (8, 1500, 518)
            (plan.evaluateEvery, plan.checkpointEvery) = (100, 100)
        case .gpt2: Self.publish(&plan, layers: 12, heads: 12, channels: 768, rate: 6e-4)
        case .gpt2Medium: Self.publish(&plan, layers: 24, heads: 16, channels: 1024, rate: 3e-4)
        case .gpt2Large: Self.publish(&plan, layers: 36, heads: 20, channels: 1280, rate: 2.5e-4)
        case .gpt2XL: Self.publish(&plan, layers: 48, heads: 25, channels: 1600, rate: 2e-4)
        }
        return plan
    }

    /// Rates by size are those of table 2.1 of Brown et al., arXiv:2005.14165. A step takes minutes on a small machine, so
    /// little may lie between two checkpoints.
    private static func publish(
        _ plan: inout TrainingPlan, layers: Int, heads: Int, channels: Int, rate: Double
    ) {
        (plan.layers, plan.heads, plan.channels, plan.context) = (layers, heads, channels, 1024)
        (plan.learningRate, plan.minLearningRate) = (rate, rate / 10)
        (plan.batchSize, plan.accumulate, plan.warmupSteps) = (1, 32, 700)
        (plan.beta2, plan.steps) = (0.95, 100_000)
        (plan.logEvery, plan.checkpointEvery) = (1, 10)
        (plan.evaluateEvery, plan.evaluateWindows) = (100, 50)
    }
}
