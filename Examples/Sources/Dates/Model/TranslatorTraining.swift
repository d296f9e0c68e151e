package import Files
import Layers
import Runtime
package import Tensors
import Training

/// Teaches a translator, step by step, on pairs that are made as they are needed: none comes twice but by chance.
package struct TranslatorTraining {
    private(set) var translator: Translator
    private(set) var step = 0
    let steps: Int
    let seed: UInt64

    private var context: ForwardContext
    private let gradients = Gradients()
    /// For the matrices of the encoder's and the decoder's layers; AdamW for the rest.
    private var muon = Muon(weightDecay: 0.01, blocks: ".layers.")
    private var adamW: AdamW
    private let schedule: Schedule
    /// Batches to come, each of phrases of about one length, so that little is filled up.
    private var batches: [TranslationBatch] = []

    package init(steps: Int, seed: UInt64, context: ForwardContext) {
        translator = Translator(seed: seed)
        self.steps = steps
        self.seed = seed
        self.context = context
        var settings = AdamW.Settings()
        settings.beta2 = 0.99
        settings.weightDecay = 0.01
        adamW = AdamW(settings)
        schedule = Schedule(
            .cosine, peak: 2e-3, minimum: 2e-5, warmupSteps: min(200, steps / 10), decayEnd: steps)
    }

    /// Phrases in a step.
    static let batchSize = 64
    private static let batchesInGroup = 8

    /// Takes one step: a forward pass under a tape, the gradients backwards, clipping, AdamW.
    ///
    /// - Returns: the loss before the step, in nats a character.
    package mutating func takeStep() throws(InputError) -> Double {
        let tape = context.startTape(addingTo: gradients)
        let loss = translator.loss(try nextBatch(), context)
        try tape.gradients(of: loss, context: context)
        context.endTape()
        let norm = gradients.norm(of: translator, context)
        let (rate, scale) = (schedule.rate(at: step), norm > 1 ? 1 / norm : 1)
        muon.update(&translator, gradients: gradients, rate: 10 * rate, scale: scale, context)
        adamW.update(&translator, gradients: gradients, rate: rate, scale: scale, context)
        gradients.removeAll()
        step += 1
        return Double(loss.values[0])
    }

    /// The step's pairs: they depend on the seed and the step, and on nothing else.
    private mutating func nextBatch() throws(InputError) -> TranslationBatch {
        if batches.isEmpty {
            var random = PhiloxGenerator(seed: seed, stream: UInt64(step))
            let pairs = (0..<Self.batchesInGroup * Self.batchSize).map { _ in
                TranslationPair.random(heldOut: false, using: &random)
            }
            let byLength = pairs.sorted { $0.source.count < $1.source.count }
            for start in stride(from: 0, to: byLength.count, by: Self.batchSize) {
                batches.append(try TranslationBatch(byLength[start..<start + Self.batchSize]))
            }
            batches.shuffle(using: &random)
        }
        return batches.removeLast()
    }
}
