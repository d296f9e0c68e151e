import Files
import Foundation
import TestSupport
import Testing
import Training

/// Runs that are taken up again.
@Suite struct RunResumeTests {
    private let small: SmallRun

    init() throws { small = try SmallRun() }

    private func error(_ name: String) -> InputError? {
        caughtError { () throws(InputError) in try small.resume(name) }
    }

    @Test("a run that stopped early stays stopped")
    func earlyStopping() throws {
        var plan = small.plan
        (plan.steps, plan.evaluateEvery, plan.patience) = (10, 1, 2)
        // So small that no loss changes.
        (plan.learningRate, plan.minLearningRate) = (1e-30, 0)
        #expect(try small.train(plan, in: "run") == .stoppedEarly)
        let run = try small.resume("run")
        #expect(run.firstStep == 3)
        #expect(try run.run { _ in } == .stoppedEarly)
        #expect(run.trainer.step == 3)
    }

    @Test("a checkpoint with notes that make no sense is an error")
    func damagedNotes() throws {
        try small.train(small.plan, in: "run")
        let name = "run/checkpoints/step-2/training.json"
        let whole = try String(contentsOfFile: small.path(name), encoding: .utf8)
        for (key, bits) in [
            ("best_step", "7ff8000000000000"), ("best_loss", "7ff8000000000000"),
            ("evaluations_without_gain", "bff0000000000000"), ("best_step", "7fefffffffffffff"),
        ] {
            let start = try #require(whole.range(of: "\"\(key)\":\"")).upperBound
            let end = try #require(whole[start...].firstIndex(of: "\""))
            try small.folder.write(name, whole.replacingCharacters(in: start..<end, with: bits).utf8)
            let damage = error("run")
            #expect(damage?.kind == .data && damage?.problem.contains(key) == true, "\(key)")
        }
        try small.folder.write(name, whole.replacing("\"step\":2", with: "\"step\":1000000000000000000").utf8)
        #expect(error("run")?.problem.contains("step 1000000000000000000") == true)
        // What older runs noted is enough.
        try small.folder.write(name, "{\"step\":2,\"evaluations_without_gain\":\"0\"}\n".utf8)
        #expect(error("run") == nil)
    }

    @Test("the start model need not be there any more")
    func startModelThatIsGone() throws {
        try small.train(small.plan, in: "first")
        try small.train(small.plan(from: "first"), in: "further")
        try FileManager.default.removeItem(atPath: small.path("first"))
        let run = try small.resume("further")
        #expect(run.firstStep == 2)
        #expect(run.data.tokenizer != nil)
    }

    @Test("adapters go on above the weights that they began with alone")
    func otherWeightsBeneathAdapters() throws {
        try small.train(small.plan, in: "first")
        var plan = small.plan(from: "first")
        plan.loraRank = 2
        try small.train(plan, in: "adapted")
        #expect(throws: Never.self) { try small.resume("adapted") }
        // One more step of the run that it started from, which was the better one.
        var longer = small.plan
        longer.steps = 3
        try small.train(longer, in: "longer")
        let model = URL(fileURLWithPath: "\(small.best("longer"))/model.safetensors")
        try small.folder.write("first/checkpoints/best/model.safetensors", Data(contentsOf: model))
        let refusal = error("adapted")
        #expect(refusal?.kind == .data && refusal?.problem.contains("the model of --init") == true)
        // A run that is older than this note has nothing to compare.
        let data = try String(contentsOfFile: small.path("adapted/data.json"), encoding: .utf8)
        let start = try #require(data.range(of: ", \"weights\"")).lowerBound
        try small.folder.write("adapted/data.json", (String(data[..<start]) + "}\n").utf8)
        #expect(throws: Never.self) { try small.resume("adapted") }
    }

    @Test("seeds differ to the last bit")
    func largeSeeds() {
        var (one, other) = (small.plan, small.plan)
        (one.seed, other.seed) = (.max, .max - 1)
        let differences = other.differences(from: one, after: 0)
        #expect(differences.map(\.option) == ["seed"])
        #expect(differences.first?.was == "18446744073709551615")
    }

    // MARK: Divergence

    /// Puts a number that is none into the last weight of a checkpoint, as a step that went too far would.
    private func spoil(_ name: String) throws {
        var model = try Data(contentsOf: URL(fileURLWithPath: small.path("\(name)/model.safetensors")))
        model.replaceSubrange(model.count - 4..<model.count, with: [0, 0, 0xC0, 0x7F])
        try small.folder.write("\(name)/model.safetensors", model)
    }

    private func failure(_ name: String) throws -> TrainingDiverged? {
        let run = try small.resume(name)
        do {
            _ = try run.run { _ in }
            return nil
        } catch let failure as TrainingDiverged { return failure }
    }

    @Test("the last good checkpoint is not the one whose weights failed")
    func divergence() throws {
        var plan = small.plan
        (plan.schedule, plan.steps, plan.checkpointEvery, plan.keep) = (.constant, 4, 2, 2)
        try small.train(plan, in: "run")
        try small.change("run/run.json", "\"steps\" : 4", to: "\"steps\" : 8")
        try spoil("run/checkpoints/step-4")
        let found = try #require(try failure("run"))
        #expect(found.step == 5)
        #expect(found.checkpoint == small.path("run/checkpoints/step-2"))
        #expect(found.description.contains("start from it with --init"))
        #expect(!FileManager.default.fileExists(atPath: small.path("run/checkpoints/step-4")))
        #expect(FileManager.default.fileExists(atPath: small.path("run/checkpoints/step-4.diverged")))
        // From there the run goes on.
        #expect(try failure("run") == nil)
        #expect(FileManager.default.fileExists(atPath: small.path("run/checkpoints/step-8")))
    }

    @Test("without a good checkpoint, none is named")
    func divergenceAtOnce() throws {
        var plan = small.plan
        (plan.steps, plan.evaluateEvery, plan.schedule) = (1, 9, .constant)
        try small.train(plan, in: "run")
        try FileManager.default.removeItem(atPath: small.best("run"))
        try small.change("run/run.json", "\"steps\" : 1,", to: "\"steps\" : 5,")
        try spoil("run/checkpoints/step-1")
        try small.folder.write(
            "run/checkpoints/step-1/training.json", "{\"step\":1,\"evaluations_without_gain\":\"0\"}\n".utf8)
        let found = try #require(try failure("run"))
        #expect(found.checkpoint == nil)
        #expect(found.description.contains("There is no good checkpoint"))
    }

    /// Until a loss of the new weights is known, the checkpoint before them is the last good one.
    @Test("older checkpoints stay until the next loss")
    func olderCheckpointsStay() throws {
        var plan = small.plan
        (plan.steps, plan.keep, plan.evaluateEvery) = (4, 1, 100)
        let run = try small.begin(plan, in: "run")
        var kept: [Int: [Int]] = [:]
        _ = try run.run { event in
            if case .checkpoint = event { kept[run.trainer.step] = run.directory.checkpointSteps }
        }
        #expect(kept == [1: [1], 2: [1, 2], 3: [2, 3], 4: [4]])
    }

    @Test("a validation loss that is not a number ends the run before its checkpoint")
    func divergenceInValidation() throws {
        var plan = small.plan
        (plan.evaluateEvery, plan.learningRate, plan.clip, plan.schedule) = (1, 1e30, 0, .constant)
        let run = try small.begin(plan, in: "run")
        var cause: TrainingDiverged.Cause?
        do { _ = try run.run { _ in } } catch let failure as TrainingDiverged { cause = failure.cause }
        guard case .validation = cause else {
            Issue.record("\(String(describing: cause))")
            return
        }
        #expect(!FileManager.default.fileExists(atPath: small.path("run/checkpoints")))
    }
}
