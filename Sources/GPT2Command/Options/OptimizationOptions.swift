public import ArgumentParser
public import Training

/// How the model learns.
struct OptimizationOptions: ParsableArguments {
    @Option(help: "Sequences in one forward pass.")
    var batchSize: Int?

    @Option(help: "Forward passes whose gradients make one step.")
    var accumulate: Int?

    @Option(help: "Steps of the whole run.")
    var steps: Int?

    @Option(help: "AdamW for all, or Muon for the matrices inside blocks and AdamW for the rest.")
    var optimizer: TrainingSettings.Optimizer?

    @Option(help: "AdamW's highest learning rate.")
    var learningRate: Double?

    @Option(help: "The learning rate at the end.")
    var minLearningRate: Double?

    @Option(help: "Muon's highest learning rate; it follows the same schedule.")
    var muonLearningRate: Double?

    @Option(help: "Steps in which the rate rises to its highest.")
    var warmupSteps: Int?

    @Option(help: "How the rate falls after that.")
    var schedule: Schedule.Decay?

    @Option(
        help: "Steps at the end in which the rate falls; before them it is stable. (default: all after the warm-up)")
    var decaySteps: Int?

    @Option(help: "How slowly the mean of the gradients moves.")
    var beta1: Double?

    @Option(help: "How slowly the mean of their squares moves.")
    var beta2: Double?

    @Option(help: "The share of the weights that AdamW's step at rate 1 takes off; biases and norms keep theirs.")
    var weightDecay: Double?

    @Option(help: "The same for the matrices that Muon steps.")
    var muonWeightDecay: Double?

    @Option(help: "The largest norm of the gradients; 0 does not limit it.")
    var clip: Double?

    @Option(help: "What the weights, the batches and dropout follow from.")
    var seed: UInt64?

    @Flag(help: "Make activations again in the backward pass: less memory, about a third more time.")
    var recompute = false

    func overlay(_ plan: inout TrainingPlan) {
        if let batchSize { plan.batchSize = batchSize }
        if let accumulate { plan.accumulate = accumulate }
        if let steps { plan.steps = steps }
        if let optimizer { plan.optimizer = optimizer }
        // The same rate again, as beside --resume, says nothing about the lowest one.
        if let learningRate, learningRate != plan.learningRate {
            plan.learningRate = learningRate
            // A tenth, as presets have it, where nothing else is said.
            if minLearningRate == nil, plan.minLearningRate > 0 { plan.minLearningRate = learningRate / 10 }
        }
        if let minLearningRate { plan.minLearningRate = minLearningRate }
        if let muonLearningRate { plan.muonLearningRate = muonLearningRate }
        if let warmupSteps { plan.warmupSteps = warmupSteps }
        if let schedule { plan.schedule = schedule }
        if let decaySteps { plan.decaySteps = decaySteps }
        if let beta1 { plan.beta1 = beta1 }
        if let beta2 { plan.beta2 = beta2 }
        if let weightDecay { plan.weightDecay = weightDecay }
        if let muonWeightDecay { plan.muonWeightDecay = muonWeightDecay }
        if let clip { plan.clip = clip }
        if let seed { plan.seed = seed }
        if recompute { plan.recompute = true }
    }
}

extension TrainingSettings.Optimizer: ExpressibleByArgument {}
extension Schedule.Decay: ExpressibleByArgument {}
