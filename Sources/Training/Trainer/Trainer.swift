public import Files
public import GPT2
internal import Layers
public import Tensors

/// Trains a GPT-2, step by step.
///
/// A step depends on the settings, the data, the weights and the optimizer's state, and on nothing else: continued from a
/// checkpoint it computes what it would have computed, bit for bit, with any number of threads.
public struct Trainer {
    /// The network as the last step left it.
    public package(set) var model: GPT2
    public let settings: TrainingSettings
    /// How many steps have been taken.
    public package(set) var step = 0
    /// What the network's adapters are, if those are what is trained.
    package let adapters: Adapters?
    package var adamW: AdamW
    package var muon: Muon

    private let sampler: BatchSampler
    private let gradients = Gradients()
    private var context: ForwardContext

    /// Low-rank adapters that are trained in place of a model's weights.
    public struct Adapters: Sendable {
        public let rank: Int
        public let alpha: Double
        /// The ends of the names of the layers that have them.
        public let targets: [String]
        /// The model's folder.
        public let base: String

        public init(rank: Int, alpha: Double, targets: [String], base: String) {
            self.rank = rank
            self.alpha = alpha
            self.targets = targets
            self.base = base
        }
    }

    /// What one step did.
    public struct StepReport: Sendable {
        /// The step's number, counted from 1.
        public let step: Int
        /// The mean cross-entropy of the step's tokens before the step, in nats.
        public let loss: Double
        /// The norm of the gradients before clipping.
        public let gradientNorm: Double
        public let learningRate: Double
    }

    /// - Parameters:
    ///   - model: the network to train, of plain weights.
    ///   - adapters: given to the network, and trained in place of its weights.
    /// - Throws: ``InputError`` if the data has too few tokens, or if no layer has one of the adapters' names.
    public init(
        _ model: GPT2, data: TokenSequence, settings: TrainingSettings, adapters: Adapters? = nil,
        context: ForwardContext = ForwardContext()
    ) throws(InputError) {
        self.model = model
        self.adapters = adapters
        if let adapters {
            try self.model.addAdapters(
                rank: adapters.rank, alpha: adapters.alpha, targets: adapters.targets, seed: settings.seed)
        }
        self.settings = settings
        self.context = context
        adamW = AdamW(settings.adamW)
        muon = Muon(weightDecay: settings.muonWeightDecay)
        sampler = try BatchSampler(
            data, vocabularySize: model.configuration.vocabularySize, batchSize: settings.batchSize,
            contextLength: settings.contextLength, seed: settings.seed)
    }

    /// Takes one step.
    ///
    /// - Throws: ``TrainingDiverged`` if the loss or the gradients are not numbers or out of all bounds, and then the
    ///   weights are as they were; ``InputError`` if the data changed meanwhile.
    public mutating func takeStep() throws -> StepReport {
        var losses = 0.0
        for microBatch in 0..<settings.accumulation {
            losses += try addGradients(microBatch: microBatch)
        }
        let share = 1 / Double(settings.accumulation)
        let loss = losses * share
        let norm = gradients.norm(of: model, context) * share
        guard isSensible(loss), norm.isFinite else {
            gradients.removeAll()
            throw TrainingDiverged(step: step + 1, loss: loss, gradientNorm: norm, starts: starts(step))
        }
        let clipping = settings.clip > 0 && norm > settings.clip ? settings.clip / (norm + 1e-6) : 1
        let rate = settings.schedule.rate(at: step)
        if settings.optimizer == .muon {
            muon.update(
                &model, gradients: gradients, rate: settings.muonRate * rate / settings.schedule.peak,
                scale: clipping * share, context)
        }
        adamW.update(&model, gradients: gradients, rate: rate, scale: clipping * share, context)
        gradients.removeAll()
        step += 1
        return StepReport(step: step, loss: loss, gradientNorm: norm, learningRate: rate)
    }

    /// The loss of one forward pass, whose gradients are added up.
    private mutating func addGradients(microBatch: Int) throws(InputError) -> Double {
        let tokens = try sampler.batch(step: step, microBatch: microBatch)
        let batch = try ForwardBatch(tokens)
        context.dropout = DropoutStream(
            seed: settings.seed, step: step, firstRow: microBatch * settings.batchSize * settings.contextLength)
        defer { context.dropout = nil }
        let tape = context.startTape(addingTo: gradients)
        defer { context.endTape() }
        let loss = model.loss(batch, targets: tokens.targets, recompute: settings.recompute, context)
        try tape.gradients(of: loss, context: context)
        return Double(loss.values[0])
    }

    /// Whether a loss is a number, and within all bounds: a model that knows nothing has one of ln V.
    private func isSensible(_ loss: Double) -> Bool {
        loss.isFinite && loss < 3 * Double(model.configuration.vocabularySize).logarithm + 10
    }

    private func starts(_ step: Int) -> [Int] {
        (0..<settings.accumulation).flatMap { microBatch in
            (0..<settings.batchSize).map { sampler.start(step: step, microBatch: microBatch, row: $0) }
        }
    }

    /// The mean cross-entropy over windows of other data, in nats a token.
    ///
    /// - Throws: ``TrainingDiverged`` if it is not a number or out of all bounds; ``InputError`` if the data changed meanwhile.
    public func evaluate(_ windows: EvaluationWindows) throws -> Double {
        let loss = try windows.meanLoss { tokens throws(InputError) in
            Double(model.loss(try ForwardBatch(tokens), targets: tokens.targets, context).values[0])
        }
        guard isSensible(loss) else { throw TrainingDiverged(step: step, validationLoss: loss) }
        return loss
    }

    /// The network as it is to be used: its adapters merged into the weights.
    public var mergedModel: GPT2 { adapters == nil ? model : model.merged(context) }

    /// The size of the weights and of what the optimizers remember of those that are trained.
    package var checkpointBytes: Int {
        model.parameters.reduce(0) { bytes, parameter in
            let (path, tensor) = (parameter.path, parameter.tensor)
            let isMuons = settings.optimizer == .muon && muon.handles(path, tensor)
            let remembered = !tensor.isParameter ? 0 : isMuons ? 1 : 2
            return bytes + (1 + remembered) * 4 * tensor.shape.count
        }
    }
}

extension ForwardBatch {
    /// The inputs of windows of tokens, each a whole sequence.
    package init(_ tokens: TokenBatch) throws(InputError) {
        self.init()
        for row in 0..<tokens.rows {
            try append(whole: tokens.inputs[row * tokens.length..<(row + 1) * tokens.length].lazy.map(Int.init))
        }
    }
}
