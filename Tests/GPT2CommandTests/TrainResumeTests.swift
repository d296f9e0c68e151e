import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A run that is killed and gone on with computes what it would have computed.
struct TrainResumeTests {
    /// A model so small that steps take no time.
    private static let shape = [
        "--layers", "2", "--heads", "2", "--channels", "16", "--context", "16", "--tokenizer", "char",
    ]
    private static let steps = [
        "--batch-size", "3", "--accumulate", "2", "--steps", "150", "--warmup-steps", "10", "--learning-rate", "0.01",
        "--dropout", "0.1", "--seed", "9", "--log-every", "1",
    ]
    /// A checkpoint after each step, so that many kills hit one being written.
    private static let options = shape + steps + ["--evaluate-every", "4", "--checkpoint-every", "1"]

    private static func text(in folder: TemporaryFolder) throws -> String {
        // A few thousand characters with something to learn in them.
        let words = (0..<900).map { "the \($0 * 7919 % 97) cat \($0 % 13) sat\n" }
        return try folder.write("text.txt", words.joined().utf8)
    }

    // MARK: Kills

    enum Kind: CaseIterable, Sendable {
        case adamW, muon, adapters
        /// The best model and the last lines of metrics are newer than the checkpoint that a run goes on from.
        case rareCheckpoints
    }

    private static func options(_ kind: Kind, _ folder: TemporaryFolder) async throws -> [String] {
        let text = ["--text", try Self.text(in: folder)]
        let samples = ["--sample-every", "30", "--sample-prompt", "the"]
        switch kind {
        case .adamW: return options + text + samples
        case .muon: return options + text + samples + ["--optimizer", "muon"]
        case .rareCheckpoints:
            return shape + steps + text + samples + ["--evaluate-every", "2", "--checkpoint-every", "5"]
        case .adapters:
            let base = "\(folder.path)/base"
            let run = try await Command.run(["train", "--out", base] + shape + text + ["--steps", "1"])
            try #require(run.status == 0, "\(run.messages)")
            return steps + text + samples + [
                "--init", "\(base)/checkpoints/best", "--context", "16", "--lora-rank", "2", "--evaluate-every", "4",
                "--checkpoint-every", "1",
            ]
        }
    }

    /// When a run is killed.
    private enum Moment {
        case after(seconds: Double)
        /// As soon as a checkpoint begins to be written.
        case writing
    }

    /// Runs the command and kills it, by a shell: this process may be too busy to be on time.
    ///
    /// - Returns: whether it was killed, or ended before.
    private static func kill(_ arguments: [String], _ moment: Moment, in run: String) async throws -> Bool {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        // What an earlier kill left unfinished is removed first. Nothing but the shell itself is quick enough to look.
        let script = """
            t=$1; run=$2; shift 2; shopt -s nullglob
            "$0" "$@" & p=$!
            if [ $t = writing ]; then
                until names=("$run"/checkpoints/*.partial); [ ${#names[@]} = 0 ]; do :; done
                until names=("$run"/checkpoints/*.partial); [ ${#names[@]} != 0 ]; do kill -0 $p || break; done
                kill -9 $p
            else
                (sleep $t; kill -9 $p) & k=$!
            fi
            wait $p; s=$?
            kill $k
            exit $s
            """
        let time =
            switch moment {
            case .after(let seconds): "\(seconds)"
            case .writing: "writing"
            }
        shell.arguments = ["-c", script, Command.executable.path, time, run] + arguments
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { continuation in
            shell.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try shell.run() } catch { continuation.resume(throwing: error) }
        }
        try #require(status == 0 || status == 128 + SIGKILL, "status \(status)")
        return status != 0
    }

    /// Checkpoints that were being written when the run was killed.
    private static func unfinished(_ run: String) -> Set<String> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(run)/checkpoints")) ?? []
        return Set(names.filter { $0.hasSuffix(".partial") || $0.hasSuffix(".old") })
    }

    @Test("twenty kills change no bit", arguments: Kind.allCases)
    func kills(kind: Kind) async throws {
        let folder = try TemporaryFolder()
        let options = try await Self.options(kind, folder)
        let whole = TrainingFolder(path: "\(folder.path)/whole")
        let start = ContinuousClock.now
        let undisturbed = try await Command.run(["train", "--out", whole.path] + options)
        try #require(undisturbed.status == 0, "\(undisturbed.messages)")
        // Ten kills at random moments take some two fifths of the run; those in writing, a few steps each.
        var longest = (ContinuousClock.now - start) / .seconds(1) * 2 / 25

        let broken = TrainingFolder(path: "\(folder.path)/broken")
        var kills = 0
        var inWriting = 0
        while kills < 20 || inWriting < 3 && kills < 60 {
            let begun = FileManager.default.fileExists(atPath: "\(broken.path)/run.json")
            let goingOn = ["--resume", "--threads", "\(kills % 3 + 1)"]
            let arguments = ["train", "--out", broken.path] + (begun ? goingOn : options)
            let moment =
                kills.isMultiple(of: 2)
                ? Moment.after(seconds: .random(in: 0.01...max(longest, 0.02))) : .writing
            let before = Self.unfinished(broken.path)
            guard try await Self.kill(arguments, moment, in: broken.path) else {
                // The machine has become quicker since: once more, with less time between kills.
                print("\(kind): the run was over after \(kills) kills")
                longest /= 2
                try #require(longest > 0.01)
                try FileManager.default.removeItem(atPath: broken.path)
                (kills, inWriting) = (0, 0)
                continue
            }
            kills += 1
            if !Self.unfinished(broken.path).isSubset(of: before) { inWriting += 1 }
        }
        let end = try await Command.run(["train", "--out", broken.path, "--resume"])
        #expect(end.status == 0, "\(end.messages)")
        print("\(kind): \(kills) kills, \(inWriting) of them inside the writing of a checkpoint")
        #expect(inWriting >= 3)
        #expect(try broken.metrics() == whole.metrics())
        let samples = try whole.samples()
        #expect(try samples.map(\.step) == [30, 60, 90, 120, 150] && broken.samples() == samples)
        for checkpoint in ["step-150", "best"] {
            for file in ["model", "training"] + (kind == .adapters ? ["adapter/adapter_model"] : []) {
                let path = "checkpoints/\(checkpoint)/\(file).safetensors"
                #expect(try broken.bytes(path) == whole.bytes(path), "\(path)")
            }
        }
    }

    // MARK: Ctrl-C and SIGTERM

    @Test("a signal to end writes a checkpoint and leaves", arguments: [SIGINT, SIGTERM])
    func interruption(by signal: Int32) async throws {
        let folder = try TemporaryFolder()
        let run = "\(folder.path)/run"
        let options = Self.options + ["--text", try Self.text(in: folder), "--checkpoint-every", "100000"]
        let running = try RunningCommand(["train", "--out", run] + options + ["--steps", "100000"])
        try #require(try await running.wait { running.messagesSoFar.contains("step 3/") })
        running.signal(signal)
        let end = try await running.end()
        #expect(end.status == 128 + signal)
        let step = try #require(try TrainingFolder(path: run).metrics().last?.step)
        #expect(FileManager.default.fileExists(atPath: "\(run)/checkpoints/step-\(step)/training.json"))
    }

    @Test("another configuration, another run and a missing run are refused")
    func refusals() async throws {
        let folder = try TemporaryFolder()
        let text = try Self.text(in: folder)
        let run = "\(folder.path)/run"
        let options = ["--text", text] + Self.options + ["--steps", "3"]
        try #require(try await Command.run(["train", "--out", run] + options).status == 0)
        let weights = "checkpoints/step-3/model.safetensors"
        let before = try TrainingFolder(path: run).bytes(weights)

        let again = try await Command.run(["train", "--out", run] + options)
        #expect(again.status == 64)
        #expect(again.messages.contains("holds another run"))
        let other = try await Command.run(["train", "--out", run, "--resume", "--batch-size", "5"])
        #expect(other.status == 64)
        #expect(other.messages.contains("--batch-size was 3 when the run began, and is 5 now"))
        let none = try await Command.run(["train", "--out", "\(folder.path)/none", "--resume"])
        #expect(none.status == 66)
        #expect(none.messages.contains("no run to go on with"))
        #expect(try TrainingFolder(path: run).bytes(weights) == before)
    }
}
