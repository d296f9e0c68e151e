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

    /// Makes the folder of a new run.
    ///
    /// - Throws: ``InputError`` if there is anything in it already, or if nothing can be written there.
    public convenience init(creating path: String, _ plan: TrainingPlan) throws(InputError) {
        try Folder.create(path)
        let names = try Folder.names(in: path).filter { $0 != "lock" && !Self.isUnfinished($0) }
        guard names.isEmpty else {
            let isRun = names.contains(Self.planName)
            throw InputError(
                .usage,
                "the folder holds \(isRun ? "another run" : "other files"): \(names.sorted().prefix(5).joined(separator: ", "))",
                in: path,
                advice: isRun
                    ? "Name another folder with --out, or go on with that run with --resume"
                    : "Name an empty folder with --out")
        }
        try self.init(locking: path)
        try write(plan)
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
        let bytes = try MappedFile(path: place)
        do { return try JSONDecoder().decode(TrainingPlan.self, from: Data(bytes.bytes)) } catch {
            throw InputError(.data, "the plan cannot be read (\(error))", in: place, advice: "Start a new run")
        }
    }

    public func write(_ plan: TrainingPlan) throws(InputError) {
        try AtomicFile.write(plan.json, to: "\(path)/\(Self.planName)")
    }

    /// Writes report.html about what has been logged so far.
    func writeReport(_ plan: TrainingPlan) throws(InputError) {
        let configuration = plan.values.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        let report = try RunReport(folder: path, configuration: configuration)
        try AtomicFile.write(report.html.utf8, to: "\(path)/report.html")
    }

    // MARK: Checkpoints

    private var checkpoints: String { "\(path)/checkpoints" }

    public func checkpoint(step: Int) -> String { "\(checkpoints)/step-\(step)" }
    public var best: String { "\(checkpoints)/best" }

    /// The steps of which there are checkpoints, ascending.
    public var checkpointSteps: [Int] {
        let names = (try? Folder.names(in: checkpoints)) ?? []
        return names.compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }.sorted()
    }

    /// Removes all but the last `count` numbered checkpoints.
    public func keepLast(_ count: Int) {
        for step in checkpointSteps.dropLast(max(count, 1)) { FolderReplacement.remove(checkpoint(step: step)) }
    }

    /// Whether a name is that of a file of ours which was never put in place.
    private static func isUnfinished(_ name: String) -> Bool {
        name.hasSuffix(".tmp")
            && ["run.json.", "data.json.", "report.html.", "metrics.jsonl.", "samples.jsonl.", EventFile.prefix]
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
