import Files
import Foundation
import TestSupport
import Tokenizers
import Training

/// Runs of a model so small that a test can train it.
struct SmallRun {
    let folder: TemporaryFolder
    /// A plan for characters, two steps long.
    let plan: TrainingPlan

    init() throws {
        folder = try TemporaryFolder()
        var plan = TrainingPlan()
        plan.text = [try folder.write("text.txt", (0..<200).map { "line \($0 % 31) of a text\n" }.joined().utf8)]
        plan.tokenizer = "char"
        (plan.layers, plan.heads, plan.channels, plan.context) = (1, 1, 16, 16)
        (plan.batchSize, plan.steps, plan.warmupSteps) = (2, 2, 0)
        (plan.logEvery, plan.checkpointEvery, plan.evaluateWindows) = (1, 1, 10)
        self.plan = plan
    }

    func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// The plan to train further from a run's best model.
    func plan(from name: String) -> TrainingPlan {
        var plan = plan
        plan.initial = best(name)
        plan.tokenizer = nil
        return plan
    }

    func best(_ name: String) -> String { "\(path(name))/checkpoints/best" }

    /// Prepares a run in a folder of its own.
    func begin(_ plan: TrainingPlan, in name: String) throws(InputError) -> TrainingRun {
        try TrainingRun(plan, in: RunDirectory(creating: path(name), plan))
    }

    /// Trains from the beginning to the end.
    @discardableResult
    func train(_ plan: TrainingPlan, in name: String) throws -> TrainingRun.Ending {
        try begin(plan, in: name).run { _ in }
    }

    /// Takes a run up again, with the plan in its folder.
    func resume(_ name: String) throws(InputError) -> TrainingRun {
        let directory = try RunDirectory(resuming: path(name))
        return try TrainingRun(directory.plan(), in: directory)
    }

    /// Replaces a part of a file by another text.
    func change(_ name: String, _ old: String, to new: String) throws {
        let text = try String(contentsOfFile: path(name), encoding: .utf8)
        try folder.write(name, text.replacing(old, with: new).utf8)
    }

    /// A tokenizer of other characters in a folder.
    func otherTokenizer() throws -> String {
        var characters = CharacterVocabulary()
        characters.insert("\n 0123456789aefilnotxz")
        try characters.tokenizer().write(toDirectory: path("other"))
        return path("other")
    }
}
