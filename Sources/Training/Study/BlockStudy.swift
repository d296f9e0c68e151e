internal import Files
internal import Layers
internal import Runtime
public import Tensors
internal import Tokenizers

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Trains the same small GPT-2 with differently built blocks, to see what residual connections and layer norms are for.
///
/// All designs start from the same weights and see the same batches. What is kept: the loss of each step, and every few steps
/// the norm of the gradients and the size and mean of the activations, layer by layer.
public struct BlockStudy: Sendable {
    /// The network that all designs share.
    public struct Shape: Sendable {
        public var layers = 12
        public var heads = 4
        public var channels = 64
        public var context = 64

        public init() {}
    }

    /// What one design did.
    public struct Record: Sendable {
        public let design: BlockDesign
        /// Of each step, in nats; it ends where the loss stopped being a number.
        public internal(set) var losses: [Double] = []
        /// The steps, counted from 1, at which the layers were looked at.
        public internal(set) var lookedAt: [Int] = []
        /// For each of those, the norm of the gradients of each block.
        public internal(set) var gradientNorms: [[Double]] = []
        /// For each of those, the root mean square of what enters the first block and of what leaves each.
        public internal(set) var activationSizes: [[Double]] = []
        /// Likewise, the mean: where it is as large as the size, the stream has drifted off as a whole.
        public internal(set) var activationMeans: [[Double]] = []
        /// The mean loss of guessing each token of the steps by its frequency among them: what a network that sees nothing of a
        /// text comes to.
        public internal(set) var frequencyLoss = 0.0
        /// In nats a token; not a number where training went that far.
        public internal(set) var validationLoss = Double.nan
        public internal(set) var sample = ""
    }

    public var shape = Shape()
    public var steps = 300
    public var batchSize = 8
    public var learningRate = 1e-3
    public var seed: UInt64 = 1
    /// Steps from one look at the layers to the next.
    public var lookEvery = 10

    public init() {}

    /// Trains all designs, one after another.
    ///
    /// - Parameter progress: told the design, its step and the loss.
    /// - Throws: ``InputError`` if the data has too few tokens or no tokenizer, or if memory does not hold the network.
    public func run(
        _ data: TrainingData, _ context: ForwardContext = ForwardContext(),
        progress: (BlockDesign, Int, Double) throws -> Void = { _, _, _ in }
    ) throws -> [Record] {
        var memory = TrainingMemory()
        let (layers, channels) = (Double(shape.layers), Double(shape.channels))
        memory.weights = 16 * (12 * layers * channels * channels + Double(data.vocabularySize ?? 0) * channels)
        memory.addActivations(rows: batchSize * shape.context, layers: shape.layers, channels: shape.channels)
        try memory.check(advice: "Give fewer layers or channels")
        return try BlockDesign.allCases.map { design in
            try train(design, data, context) { try progress(design, $0, $1) }
        }
    }

    private func train(
        _ design: BlockDesign, _ data: TrainingData, _ context: ForwardContext, progress: (Int, Double) throws -> Void
    ) throws -> Record {
        guard let tokenizer = data.tokenizer else {
            throw InputError(.usage, "the tokens have no tokenizer to write samples with", advice: "Give texts instead")
        }
        let sampler = try BatchSampler(
            data.training, vocabularySize: tokenizer.vocabularySize, batchSize: batchSize,
            contextLength: shape.context, seed: seed)
        var network = StudyNetwork(design, shape, vocabulary: tokenizer.vocabularySize, seed: seed)
        var optimizer = AdamW()
        let schedule = Schedule(
            .cosine, peak: learningRate, minimum: learningRate / 10, warmupSteps: steps / 20, decayEnd: steps)
        var record = Record(design: design)
        var context = context
        var frequencies: [Int32: Int] = [:]
        for step in 0..<steps {
            let isLook = step.isMultiple(of: lookEvery)
            var (sizes, means): ([Double], [Double]) = ([], [])
            let tape = context.startTape()
            let batch = try sampler.batch(step: step)
            for token in batch.targets { frequencies[token, default: 0] += 1 }
            let loss = network.loss(batch, context) { _, x in
                guard isLook else { return }
                sizes.append((context.sumOfSquares(x) / Double(x.shape.count)).squareRoot())
                means.append(Double(context.withoutTape.sum(x).values[0]) / Double(x.shape.count))
            }
            let gradients = try tape.gradients(of: loss, context: context)
            context.endTape()
            let value = Double(loss.values[0])
            let norm = gradients.norm(of: network, context)
            guard value.isFinite, norm.isFinite else { break }
            record.losses.append(value)
            if isLook {
                record.lookedAt.append(step + 1)
                record.gradientNorms.append(network.blocks.map { gradients.norm(of: $0, context) })
                record.activationSizes.append(sizes)
                record.activationMeans.append(means)
            }
            // No clipping: it would hide what is to be seen.
            optimizer.update(&network, gradients: gradients, rate: schedule.rate(at: step), context)
            try progress(step + 1, value)
        }
        record.frequencyLoss = Self.entropy(frequencies.values)
        record.validationLoss = try validationLoss(network, data, tokenizer, context)
        record.sample = try sample(network, tokenizer, context)
        return record
    }

    /// Of a distribution given by counts, in nats.
    private static func entropy(_ counts: some Collection<Int>) -> Double {
        let total = Double(max(counts.reduce(0, +), 1))
        // In order, so that the sum is the same in every run.
        return counts.sorted().reduce(0) { $0 - Double($1) / total * log(Double($1) / total) }
    }

    private func validationLoss(
        _ network: StudyNetwork, _ data: TrainingData, _ tokenizer: Tokenizer, _ context: ForwardContext
    ) throws(InputError) -> Double {
        let windows = try EvaluationWindows(
            data.validation, vocabularySize: tokenizer.vocabularySize, batchSize: batchSize,
            contextLength: shape.context, limit: 100)
        return try windows.meanLoss { Double(network.loss($0, context).values[0]) }
    }

    /// A text of the network's own, drawn at temperature 0.8; the window moves along.
    private func sample(
        _ network: StudyNetwork, _ tokenizer: Tokenizer, _ context: ForwardContext
    ) throws(InputError) -> String {
        var tokens = tokenizer.encode("\n")
        if tokens.isEmpty { tokens = [0] }
        let random = Philox(seed: seed, stream: 0x7361_6D70)
        for position in 0..<160 {
            let window = tokens.suffix(shape.context).map { Int32($0) }
            let batch = TokenBatch(window: window)
            let hidden = network(batch, context)
            let last = context.rows(hidden, hidden.rows - 1..<hidden.rows)
            let logits = context.linear(last, network.tokens.table).values
            guard let token = draw(logits, random.uniform(at: UInt64(position))) else { break }
            tokens.append(token)
        }
        return String(decoding: try tokenizer.decode(tokens.dropFirst()), as: UTF8.self)
    }

    /// Nil where the logits are not numbers.
    private func draw(_ logits: [Float], _ uniform: Double) -> Int? {
        guard let largest = logits.max(), largest.isFinite else { return nil }
        let weights = logits.map { exp(Double($0 - largest) / 0.8) }
        var left = uniform * weights.reduce(0, +)
        for (token, weight) in weights.enumerated() {
            left -= weight
            if left <= 0 { return token }
        }
        return logits.count - 1
    }
}
