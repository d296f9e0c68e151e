public import Files

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The folder of one training run:
///
///     run.json           the plan
///     data.json          what distinguishes its tokens
///     metrics.jsonl      a line for each logged step and each evaluation
///     checkpoints/       step-N and best, model folders with the optimizer's state
///     samples.jsonl      what the model wrote meanwhile
///     report.html        curves and samples
///     events.out.…       the curves for TensorBoard
///
/// One process at a time works in it; a lock that ends with the process sees to that.
public final class RunDirectory {
    public let path: String
    private let lock: Int32

    private static let planName = "run.json"
    static let metricsName = "metrics.jsonl"
    static let samplesName = "samples.jsonl"
    static let tokensName = "tokens"
    private static let reportName = "report.html"
    /// What there may be before the first step, beside the event file.
    private static let ownNames: Set = [planName, dataName, tokensName, metricsName, samplesName, reportName]

    /// Makes the folder of a new run. What a run left there that never took a step, because its text was not to be found for
    /// instance, is replaced.
    ///
    /// - Throws: ``InputError`` if there is anything else in it already, or if nothing can be written there.
    public convenience init(creating path: String, _ plan: TrainingPlan) throws(InputError) {
        try Folder.create(path)
        // Before the lock, which would be a file of ours in a folder of others, and again when nobody else can begin a run.
        _ = try Self.leftovers(in: path)
        try self.init(locking: path)
        for name in try Self.leftovers(in: path) where name != Self.planName { try Folder.remove("\(path)/\(name)") }
        try write(plan)
    }

    /// The names of what a run left that never took a step.
    ///
    /// - Throws: ``InputError`` of kind `usage` if there is anything else.
    private static func leftovers(in path: String) throws(InputError) -> [String] {
        let names = try Folder.names(in: path).filter { $0 != "lock" }
        let isRun = names.contains(planName)
        let foreign = names.filter { name in
            if isUnfinished(name) { return false }
            return !isRun || !(ownNames.contains(name) || name.hasPrefix(EventFile.prefix))
        }
        // A step leaves a line of metrics or a checkpoint.
        var hasSteps = false
        if names.contains(metricsName) { hasSteps = try MappedFile(path: "\(path)/\(metricsName)").count > 0 }
        guard foreign.isEmpty, !hasSteps else {
            throw InputError(
                .usage,
                "the folder holds \(isRun ? "another run" : "other files"): \(names.prefix(5).joined(separator: ", "))",
                in: path,
                advice: isRun
                    ? "Name another folder with --out, or go on with that run with --resume"
                    : "Name an empty folder with --out")
        }
        return names
    }

    /// Opens the folder of a run to go on with.
    ///
    /// - Throws: ``InputError`` if there is no run, or if another process works in it.
    public convenience init(resuming path: String) throws(InputError) {
        guard PathKind("\(path)/\(Self.planName)") == .file else {
            throw InputError(
                .missing, "the folder holds no run to go on with", in: path,
                advice: "Leave --resume out to start one")
        }
        try self.init(locking: path)
        try removeUnfinished()
    }

    private init(locking path: String) throws(InputError) {
        self.path = path
        lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard lock >= 0 else {
            throw InputError(
                .missing, "nothing can be written there (\(String(cString: strerror(errno))))", in: path,
                advice: "Name a folder that is writable with --out")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw InputError(
                .usage, "another process trains into this folder", in: path,
                advice: "Wait until it ends, or name another folder with --out")
        }
    }

    deinit { if lock >= 0 { close(lock) } }

    // MARK: The plan

    public func plan() throws(InputError) -> TrainingPlan {
        let place = "\(path)/\(Self.planName)"
        let json = Data(try MappedFile(path: place).contents)
        do { return try JSONDecoder().decode(TrainingPlan.self, from: json) } catch {
            throw InputError(.data, "the plan cannot be read (\(error))", in: place, advice: "Start a new run")
        }
    }

    public func write(_ plan: TrainingPlan) throws(InputError) {
        try AtomicFile.write(plan.json, to: "\(path)/\(Self.planName)")
    }

    /// Writes report.html about what has been logged so far.
    func writeReport(_ plan: TrainingPlan) throws(InputError) {
        let configuration = plan.values.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        let report = try RunReport(folder: path, model: plan.modelDescription, configuration: configuration)
        try AtomicFile.write(report.html.utf8, to: "\(path)/\(Self.reportName)")
    }

    // MARK: Checkpoints

    private var checkpoints: String { "\(path)/checkpoints" }

    public func checkpoint(step: Int) -> String { "\(checkpoints)/step-\(step)" }
    public var best: String { "\(checkpoints)/best" }

    /// The steps of which there are checkpoints, ascending.
    public var checkpointSteps: [Int] {
        let names = (try? Folder.names(in: checkpoints)) ?? []
        return names.compactMap { name in
            guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)) else { return nil }
            return name == "step-\(step)" && step >= 0 ? step : nil
        }.sorted()
    }

    /// Removes all but the last `count` numbered checkpoints.
    public func keepLast(_ count: Int) {
        for step in checkpointSteps.dropLast(max(count, 1)) { FolderReplacement.discard(checkpoint(step: step)) }
    }

    /// Takes the checkpoint of a step, if there is one, from those to go on from.
    func setAside(step: Int) {
        let path = checkpoint(step: step)
        guard PathKind(path) == .folder else { return }
        FolderReplacement.remove("\(path).diverged")
        try? FolderReplacement.move(path, to: "\(path).diverged")
    }

    var hasBest: Bool { PathKind(best) == .folder }

    /// Whether a name is that of a file of ours which was never put in place.
    private static func isUnfinished(_ name: String) -> Bool {
        name.hasSuffix(".tmp")
            && [planName, dataName, reportName, metricsName, samplesName, EventFile.prefix]
                .contains { name.hasPrefix($0) }
    }

    /// What a process that was killed left half done.
    private func removeUnfinished() throws(InputError) {
        for name in try Folder.names(in: path) where Self.isUnfinished(name) { try Folder.remove("\(path)/\(name)") }
        guard PathKind(checkpoints) == .folder else { return }
        let names = try Folder.names(in: checkpoints)
        for name in names where name.hasSuffix(FolderReplacement.oldSuffix) {
            // Killed between the two renames: the old one is the only one.
            let whole = "\(checkpoints)/\(name.dropLast(FolderReplacement.oldSuffix.count))"
            if PathKind(whole) == .absent {
                try FolderReplacement.move("\(checkpoints)/\(name)", to: whole)
            } else {
                FolderReplacement.remove("\(checkpoints)/\(name)")
            }
        }
        for name in names where name.hasSuffix(FolderReplacement.temporarySuffix) {
            FolderReplacement.remove("\(checkpoints)/\(name)")
        }
    }

    /// - Throws: ``InputError`` if the disk has not room for `bytes` more.
    public func checkRoom(for bytes: Int) throws(InputError) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return }
        let free = Int(status.f_bavail) * Int(status.f_frsize)
        guard free < bytes else { return }
        throw InputError(
            .missing, "the disk has \(free / 1_000_000) MB free, and the checkpoints need \(bytes / 1_000_000) MB",
            in: path,
            advice: "Make room, keep fewer checkpoints with --keep, or name a folder on another disk with --out")
    }
}
