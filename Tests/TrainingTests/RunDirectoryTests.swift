import Files
import Foundation
import TestSupport
import Testing
import Training

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct RunDirectoryTests {
    private let folder: TemporaryFolder
    private var path: String { "\(folder.path)/run" }

    init() throws { folder = try TemporaryFolder() }

    private func create() throws(InputError) -> RunDirectory {
        try RunDirectory(creating: path, TrainingPlan())
    }

    private func names(_ part: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + part).sorted()
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }

    private func write(_ name: String, _ text: String = "") throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    // MARK: Who may write

    @Test func oneProcessAtATime() throws {
        var run: RunDirectory? = try create()
        let error = caughtError { () throws(InputError) in try RunDirectory(resuming: path) }
        #expect(error?.kind == .usage && error?.place == path)
        #expect(error?.problem == "another process trains into this folder")
        withExtendedLifetime(run) {}
        // The lock ends with who holds it.
        run = nil
        #expect(throws: Never.self) { try RunDirectory(resuming: path) }
    }

    @Test func neverWritesIntoAnotherRunOrOtherFiles() throws {
        _ = try create()
        try write("metrics.jsonl", "{\"step\":10,\"loss\":4.5}\n")
        let before = try names()
        let again = caughtError { () throws(InputError) in try create() }
        #expect(again?.kind == .usage && again?.problem.hasPrefix("the folder holds another run") == true)
        #expect(again?.advice.contains("--resume") == true)
        #expect(try names() == before)

        let other = try folder.write("thesis.tex", [1])
        let foreign = caughtError { () throws(InputError) in
            try RunDirectory(creating: folder.path, TrainingPlan())
        }
        #expect(foreign?.problem.hasPrefix("the folder holds other files") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: other)) == Data([1]))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/lock"))
    }

    /// A process that was killed before it had written its plan is no obstacle.
    @Test func whatANeverBegunRunLeftIsNoObstacle() throws {
        try makeFolder("")
        try write("lock")
        try write("run.json.1x2y3z.tmp", "{")
        #expect(throws: Never.self) { try create() }
    }

    /// Nor is one whose text was not to be found, nor one that was stopped while it read the text.
    @Test func whatARunWithoutAStepLeftIsReplaced() throws {
        do { _ = try create() }
        for name in ["tokens/parts", "checkpoints"] { try makeFolder(name) }
        for name in ["data.json", "metrics.jsonl", "samples.jsonl", "events.out.tfevents.1.swift-gpt2.1"] {
            try write(name)
        }
        let error = caughtError { () throws(InputError) in try create() }
        #expect(error?.problem.hasPrefix("the folder holds another run: checkpoints") == true)
        try FileManager.default.removeItem(atPath: "\(path)/checkpoints")
        var plan = TrainingPlan()
        plan.text = ["the right one.txt"]
        do { _ = try RunDirectory(creating: path, plan) }
        #expect(try names() == ["lock", "run.json"])
        #expect(try RunDirectory(resuming: path).plan() == plan)
        try write("thesis.tex")
        #expect(caughtError { () throws(InputError) in try create() } != nil)
    }

    @Test func thereMustBeARunToGoOnWith() throws {
        let error = caughtError { () throws(InputError) in try RunDirectory(resuming: path) }
        #expect(error?.kind == .missing && error?.problem == "the folder holds no run to go on with")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser may write anywhere"))
    func aFolderThatIsReadOnlyIsAnErrorAtOnce() throws {
        try makeFolder("")
        #expect(chmod(path, 0o500) == 0)
        defer { chmod(path, 0o700) }
        let error = caughtError { () throws(InputError) in try create() }
        #expect(error?.kind == .missing && error?.place == path)
    }

    @Test func roomIsLookedAtBeforeItIsNeeded() throws {
        let run = try create()
        #expect(throws: Never.self) { try run.checkRoom(for: 1000) }
        let error = caughtError { () throws(InputError) in try run.checkRoom(for: 1 << 60) }
        #expect(error?.kind == .missing && error?.place == path)
        #expect(error?.problem.contains("the checkpoints need 1152921504606 MB") == true)
    }

    // MARK: Checkpoints

    @Test func checkpointsAreFoundAndTheLastOnesKept() throws {
        let run = try create()
        let others = ["best", "step-x", "step-7.partial", "step-+8", "step--9", "step-010", "step-3.diverged"]
        for name in ["step-5", "step-100", "step-20"] + others {
            try makeFolder("checkpoints/\(name)")
        }
        #expect(run.checkpointSteps == [5, 20, 100])
        run.keepLast(2)
        #expect(run.checkpointSteps == [20, 100])
        #expect(try names("/checkpoints").contains("best"))
        run.keepLast(0)
        #expect(run.checkpointSteps == [100])
    }

    @Test func whatAKilledProcessLeftIsPutInOrder() throws {
        do { _ = try create() }
        for name in ["step-20", "step-40.partial", "best.old", "best.partial"] { try makeFolder("checkpoints/\(name)") }
        try write("checkpoints/best.old/config.json", "old")
        try write("report.html.abc.tmp")
        try write("metrics.jsonl.abc.tmp")
        try write("notes.tmp")
        _ = try RunDirectory(resuming: path)
        // The old best one is the only whole one.
        #expect(try names("/checkpoints") == ["best", "step-20"])
        #expect(try names("/checkpoints/best") == ["config.json"])
        #expect(try names() == ["checkpoints", "lock", "notes.tmp", "run.json"])

        // The new one is in place already.
        try makeFolder("checkpoints/best.old")
        _ = try RunDirectory(resuming: path)
        #expect(try names("/checkpoints") == ["best", "step-20"])
        #expect(try names("/checkpoints/best") == ["config.json"])
    }

    // MARK: The plan and the data

    @Test func aPlanSaysInWhatItDiffers() throws {
        var plan = TrainingPlan()
        plan.text = ["a.txt"]
        do { try RunDirectory(creating: path, plan).write(plan) }
        let read = try RunDirectory(resuming: path).plan()
        #expect(read == plan)
        var other = plan
        other.layers = 6
        other.keep = 9
        other.learningRate = 2e-3
        let differences = other.differences(from: read, after: 10)
        // What only decides when something is written may differ.
        #expect(differences.map(\.option).sorted() == ["layers", "learning-rate"])
        #expect(differences.first { $0.option == "layers" }.map { [$0.was, $0.isNow] } == ["4", "6"])
    }

    /// A run may become longer, or fall sooner, as long as the steps that it took had the rates of the new plan.
    @Test func howTheRateFallsMayChangeUntilItFalls() throws {
        var plan = TrainingPlan()
        (plan.warmupSteps, plan.steps, plan.schedule, plan.decaySteps) = (10, 100, .linear, 20)
        var longer = plan
        longer.steps = 200
        #expect(longer.differences(from: plan, after: 81).isEmpty)
        let late = longer.differences(from: plan, after: 82)
        #expect(late.map(\.option) == ["steps"])
        #expect(late.first?.advice.hasPrefix("Let the learning rate begin to fall only after step 82") == true)
        var constant = plan
        (constant.schedule, constant.decaySteps) = (.constant, nil)
        #expect(plan.differences(from: constant, after: 81).isEmpty)
        #expect(plan.differences(from: constant, after: 82).map(\.option) == ["schedule", "decay-steps"])
        var shorter = constant
        shorter.steps = 50
        #expect(shorter.differences(from: constant, after: 50).isEmpty)
        #expect(shorter.differences(from: constant, after: 51).map(\.option) == ["steps"])
        // The warm-up is part of the rates that were.
        var warmer = plan
        warmer.warmupSteps = 11
        #expect(warmer.differences(from: plan, after: 0).map(\.option) == ["warmup-steps"])
    }

    @Test func aPlanThatIsNoneIsNamed() throws {
        do { _ = try create() }
        try write("run.json", "{\"layers\": \"many\"}")
        let error = caughtError { () throws(InputError) in try RunDirectory(resuming: path).plan() }
        #expect(error?.kind == .data && error?.place == "\(path)/run.json")
    }

    @Test func dataThatChangedIsNoticed() throws {
        let run = try create()
        func summary(_ ids: [UInt8]) throws -> TokenSequence.Summary {
            let shard = try TokenShard(path: folder.write("ids.bin", ids.flatMap { [$0, 0] }))
            return try TokenSequence([shard]).scan(vocabularySize: 256)
        }
        let (one, other) = (try summary([1, 2, 3]), try summary([1, 2, 4]))
        try run.checkData(training: one, validation: other)
        #expect(throws: Never.self) { try run.checkData(training: one, validation: other) }
        let error = caughtError { () throws(InputError) in try run.checkData(training: one, validation: one) }
        #expect(error?.kind == .data && error?.place == "\(path)/data.json")
        #expect(error?.problem.hasPrefix("the validation data is not what the run began with: it had 3 tokens") == true)
    }
}
