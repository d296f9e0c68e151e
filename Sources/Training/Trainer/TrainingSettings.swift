/// How a model is trained: everything that changes a bit of the result but the data and the first weights.
public struct TrainingSettings: Sendable, Equatable {
    public enum Optimizer: String, Sendable, CaseIterable, Codable {
        /// AdamW for all parameters.
        case adamw
        /// Muon for the matrices inside blocks, AdamW for the rest.
        case muon
    }

    /// Sequences in one forward pass, B.
    public var batchSize = 12
    /// Tokens of a sequence, T.
    public var contextLength = 64
    /// Forward passes whose gradients make one step.
    public var accumulation = 1
    /// Steps of the whole run.
    public var steps = 2000
    public var optimizer = Optimizer.adamw
    /// AdamW's learning rate at each step.
    public var schedule = Schedule(.cosine, peak: 1e-3, minimum: 1e-4, warmupSteps: 100, decayEnd: 2000)
    /// Muon's learning rate at its peak; it follows the schedule's shape.
    public var muonRate = 0.02
    /// The share of a weight that one of Muon's steps at rate 1 would take off.
    public var muonWeightDecay = 0.05
    public var adamW = AdamW.Settings()
    /// The largest norm of the gradients; larger ones are scaled down to it. 0 never scales.
    public var clip = 1.0
    /// From which batches and what dropout drops follow.
    public var seed: UInt64 = 1337
    /// Whether activations are made again in the backward pass instead of being kept.
    public var recompute = false

    public init() {}

    /// Tokens that a step learns from.
    public var tokensPerStep: Int { batchSize * contextLength * accumulation }
}
