internal import GPT2

/// A whole training run as a user asks for it: the data, the model, the optimizer, and what is written when.
///
/// It stands in a run's run.json, under the names of the command's options, so that a run can be gone on with and repeated.
public struct TrainingPlan: Codable, Sendable, Equatable {
    // Data.
    /// Text files to train with.
    public var text: [String] = []
    /// Text files to validate with; without them the last tenth of the tokens is held out.
    public var validationText: [String] = []
    /// A folder of token files, or one such file, in place of texts.
    public var tokens: String?
    /// A tokenizer's folder, or "char"; nil for that of the model to start from.
    public var tokenizer: String?

    // Model.
    /// A model's folder to start from; nil for fresh weights.
    public var initial: String?
    public var layers = 4
    public var heads = 4
    public var channels = 128
    /// Tokens of a training sequence, T, and of a fresh model's context.
    public var context = 64
    /// Of a fresh model, where the tokens do not come with a tokenizer.
    public var vocabularySize: Int?
    /// The share of elements that training drops.
    public var dropout = 0.0
    /// Rank of low-rank adapters; nil trains the weights themselves.
    public var loraRank: Int?
    public var loraAlpha = 16.0
    /// The ends of the names of the layers that get adapters.
    public var loraTargets = ["c_attn"]

    // Optimization.
    public var batchSize = 12
    public var accumulate = 1
    public var steps = 2000
    public var optimizer = TrainingSettings.Optimizer.adamw
    public var learningRate = 1e-3
    public var minLearningRate = 1e-4
    public var muonLearningRate = 0.02
    public var warmupSteps = 100
    public var schedule = Schedule.Decay.cosine
    /// The steps at the end in which the rate falls; nil for all after the warm-up.
    public var decaySteps: Int?
    public var beta1 = 0.9
    public var beta2 = 0.99
    /// AdamW's.
    public var weightDecay = 0.1
    /// Nil in the plan of a run that is older than this option: 0.05.
    public var muonWeightDecay: Double? = 0.05
    public var clip = 1.0
    public var seed: UInt64 = 1337
    public var recompute = false

    // What is written when. These may differ when a run is gone on with.
    public var logEvery = 10
    public var evaluateEvery = 250
    /// Windows of the validation data that an evaluation takes, spread evenly; nil for all.
    public var evaluateWindows: Int? = 200
    public var checkpointEvery = 250
    /// How many checkpoints are kept besides the best.
    public var keep = 2
    /// Evaluations without a better loss after which the run stops; nil never stops it.
    public var patience: Int?
    public var sampleEvery: Int?
    public var samplePrompt = ""

    public init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case text
        case validationText = "validation-text"
        case tokens
        case tokenizer
        case initial = "init"
        case layers
        case heads
        case channels
        case context
        case vocabularySize = "vocab-size"
        case dropout
        case loraRank = "lora-rank"
        case loraAlpha = "lora-alpha"
        case loraTargets = "lora-targets"
        case batchSize = "batch-size"
        case accumulate
        case steps
        case optimizer
        case learningRate = "learning-rate"
        case minLearningRate = "min-learning-rate"
        case muonLearningRate = "muon-learning-rate"
        case warmupSteps = "warmup-steps"
        case schedule
        case decaySteps = "decay-steps"
        case beta1
        case beta2
        case weightDecay = "weight-decay"
        case muonWeightDecay = "muon-weight-decay"
        case clip
        case seed
        case recompute
        case logEvery = "log-every"
        case evaluateEvery = "evaluate-every"
        case evaluateWindows = "evaluate-windows"
        case checkpointEvery = "checkpoint-every"
        case keep
        case patience
        case sampleEvery = "sample-every"
        case samplePrompt = "sample-prompt"
    }

    /// The options that say how the rate falls in the end.
    static let decay: Set<CodingKeys> = [.steps, .schedule, .decaySteps, .minLearningRate]

    /// The options that change nothing about the weights, and so may be others when a run is gone on with.
    static let changeable: Set<CodingKeys> = [
        .logEvery, .evaluateEvery, .evaluateWindows, .checkpointEvery, .keep, .patience, .sampleEvery, .samplePrompt,
    ]
}

extension TrainingPlan {
    /// The plan with the shape of the model that it starts from.
    func describing(_ model: GPT2Configuration) -> TrainingPlan {
        var plan = self
        (plan.layers, plan.heads, plan.channels) = (model.layers, model.heads, model.channels)
        plan.vocabularySize = model.vocabularySize
        return plan
    }

    /// What is trained, in words.
    var modelDescription: String {
        "\(initial == nil ? "training" : "further training") a GPT-2 of \(layers) \(layers == 1 ? "layer" : "layers") and "
            + "\(channels) channels"
    }

    /// How the trainer is to work.
    public var settings: TrainingSettings {
        var settings = TrainingSettings()
        settings.batchSize = batchSize
        settings.contextLength = context
        settings.accumulation = accumulate
        settings.steps = steps
        settings.optimizer = optimizer
        settings.schedule = Schedule(
            schedule, peak: learningRate, minimum: minLearningRate, warmupSteps: warmupSteps,
            decayStart: decaySteps.map { steps - $0 }, decayEnd: steps)
        settings.muonRate = muonLearningRate
        settings.muonWeightDecay = muonWeightDecay ?? settings.muonWeightDecay
        settings.adamW.beta1 = beta1
        settings.adamW.beta2 = beta2
        settings.adamW.weightDecay = weightDecay
        settings.clip = clip
        settings.seed = seed
        settings.recompute = recompute
        return settings
    }

    /// The adapters that are trained in place of the weights, if any.
    public var adapters: Trainer.Adapters? {
        guard let loraRank, let initial else { return nil }
        return Trainer.Adapters(rank: loraRank, alpha: loraAlpha, targets: loraTargets, base: initial)
    }
}
