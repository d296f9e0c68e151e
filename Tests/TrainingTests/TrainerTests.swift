import Files
import Foundation
import GPT2
import Layers
import TestSupport
import Testing
import Training

/// Whole steps of ``Trainer`` against the same steps in PyTorch, in float64 (Fixtures/make_trainer.py): the windows that it
/// takes, accumulation, clipping, the schedule, and both optimizers.
@Suite struct TrainerTests {
    private struct Reference: Decodable {
        struct Settings: Decodable {
            let batch, context, accumulation, steps, warmup: Int
            let seed: UInt64
            let peak, minimum, beta1, beta2, epsilon, weightDecay, clip, muonRate: Double
        }

        struct Step: Decodable {
            let starts: [Int]
            let rate, loss, norm: Double
        }

        let settings: Settings
        let ids: [UInt16]
        let steps: [Step]

        init(_ optimizer: TrainingSettings.Optimizer) throws {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let text = try Fixture.bytes("trainer/\(optimizer.rawValue).json")
            self = try decoder.decode(Self.self, from: Data(text))
        }
    }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// - Parameter batchSize: divides the reference's sequences a step.
    private func trainer(
        _ reference: Reference, _ optimizer: TrainingSettings.Optimizer, batchSize: Int, model: String = "base"
    ) throws -> Trainer {
        let wanted = reference.settings
        var settings = TrainingSettings()
        settings.batchSize = batchSize
        settings.contextLength = wanted.context
        settings.accumulation = wanted.batch * wanted.accumulation / batchSize
        settings.steps = wanted.steps
        settings.optimizer = optimizer
        settings.schedule = Schedule(
            .cosine, peak: wanted.peak, minimum: wanted.minimum, warmupSteps: wanted.warmup, decayEnd: wanted.steps)
        settings.muonRate = wanted.muonRate
        settings.adamW.beta1 = wanted.beta1
        settings.adamW.beta2 = wanted.beta2
        settings.adamW.epsilon = wanted.epsilon
        settings.adamW.weightDecay = wanted.weightDecay
        settings.muonWeightDecay = wanted.weightDecay
        settings.clip = wanted.clip
        settings.seed = wanted.seed
        let path = try folder.write("ids.bin", reference.ids.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        return try Trainer(
            TrainingReference.model(model), data: TokenSequence([TokenShard(path: path)]), settings: settings)
    }

    /// A step of n · B sequences is the same step in whatever parts they come.
    @Test(arguments: [TrainingSettings.Optimizer.adamw, .muon], [1, 2, 3, 6])
    func stepsAreThoseOfPyTorch(optimizer: TrainingSettings.Optimizer, batchSize: Int) throws {
        let reference = try Reference(optimizer)
        var trainer = try trainer(reference, optimizer, batchSize: batchSize)
        // Some steps are clipped, and some are not.
        let clipped = reference.steps.count { $0.norm > reference.settings.clip }
        try #require(clipped > 1 && clipped < reference.steps.count)
        for (index, wanted) in reference.steps.enumerated() {
            let found = try trainer.takeStep()
            #expect(found.step == index + 1)
            #expect(abs(found.learningRate - wanted.rate) <= 1e-12 * wanted.rate)
            #expect(abs(found.loss - wanted.loss) < 5e-5, "step \(index): \(found.loss), not \(wanted.loss)")
            #expect(
                abs(found.gradientNorm - wanted.norm) < 2e-4 * wanted.norm,
                "step \(index): \(found.gradientNorm), not \(wanted.norm)")
        }
    }

    @Test func windowsStartWhereTheReferenceHasThem() throws {
        let reference = try Reference(.adamw)
        let wanted = reference.settings
        let path = try folder.write("ids.bin", reference.ids.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        let sampler = try BatchSampler(
            TokenSequence([TokenShard(path: path)]), vocabularySize: 61, batchSize: wanted.batch,
            contextLength: wanted.context, seed: wanted.seed)
        for (step, expected) in reference.steps.enumerated() {
            let found = (0..<wanted.accumulation).flatMap { microBatch in
                (0..<wanted.batch).map { sampler.start(step: step, microBatch: microBatch, row: $0) }
            }
            #expect(found == expected.starts, "step \(step)")
        }
    }

    // MARK: Checkpoints

    @Test(arguments: [TrainingSettings.Optimizer.adamw, .muon])
    func aRestoredTrainerTakesTheSameSteps(optimizer: TrainingSettings.Optimizer) throws {
        let reference = try Reference(optimizer)
        var whole = try trainer(reference, optimizer, batchSize: 3)
        for _ in 0..<4 { _ = try whole.takeStep() }
        let checkpoint = "\(folder.path)/checkpoint"
        try TrainingCheckpoint.write(whole, notes: ["best": 0.1], companions: [("notes.txt", [65])], to: checkpoint)
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(checkpoint)/notes.txt")) == Data([65]))

        var restored = try trainer(reference, optimizer, batchSize: 3)
        #expect(try TrainingCheckpoint.restore(&restored, from: checkpoint) == ["best": 0.1])
        #expect(restored.step == 4)
        for _ in 4..<reference.steps.count {
            let (one, other) = (try whole.takeStep(), try restored.takeStep())
            #expect(one.loss == other.loss && one.gradientNorm == other.gradientNorm)
        }
        for (one, other) in zip(whole.model.parameters, restored.model.parameters) {
            #expect(one.tensor.values == other.tensor.values, "\(one.path)")
        }
    }

    @Test func aCheckpointOfAnotherModelIsRefused() throws {
        let reference = try Reference(.adamw)
        let checkpoint = "\(folder.path)/checkpoint"
        try TrainingCheckpoint.write(
            trainer(reference, .adamw, batchSize: 3), companions: [], to: checkpoint)
        var other = try trainer(reference, .adamw, batchSize: 3, model: "flags")
        let error = caughtError { () throws(InputError) in
            try TrainingCheckpoint.restore(&other, from: checkpoint)
        }
        #expect(error?.kind == .data && error?.place == checkpoint)
        #expect(error?.problem == "the checkpoint holds a model of another configuration")
    }
}
