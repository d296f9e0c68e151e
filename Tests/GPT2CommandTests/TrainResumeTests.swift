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
@Suite(.timeLimit(.minutes(10))) struct TrainResumeTests {
    /// A model so small that steps take no time, and a checkpoint after each, so that many kills hit one being written.
    private static let options = [
        "--layers", "2", "--heads", "2", "--channels", "16", "--context", "16", "--batch-size", "3", "--steps", "150",
        "--warmup-steps", "10", "--learning-rate", "0.01", "--dropout", "0.1", "--log-every", "1", "--evaluate-every",
        "4",
        "--checkpoint-every", "1", "--tokenizer", "char", "--accumulate", "2", "--seed", "9",
    ]

    private static func text(in folder: TemporaryFolder) throws -> String {
        // A few thousand characters with something to learn in them.
        let words = (0..<900).map { "the \($0 * 7919 % 97) cat \($0 % 13) sat\n" }
        return try folder.write("text.txt", words.joined().utf8)
    }

    /// What a step computed: the line of metrics without the rate, which depends on the machine.
    private struct Line: Decodable, Equatable {
        let step: Int
        let loss: Double?
        let validationLoss: Double?
        let learningRate: Double?
        let gradientNorm: Double?
    }

    private static func metrics(_ run: String) throws -> [Line] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let text = try String(contentsOfFile: "\(run)/metrics.jsonl", encoding: .utf8)
        return try text.split(separator: "\n").map { try decoder.decode(Line.self, from: Data($0.utf8)) }
    }

    private static func weights(_ run: String, _ checkpoint: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(run)/checkpoints/\(checkpoint)/model.safetensors"))
    }

    /// Runs the command and kills it after a while, by a shell: this process may be too busy to be on time.
    ///
    /// - Returns: whether it was killed, or ended before.
    private static func kill(_ arguments: [String], after seconds: Double) async throws -> Bool {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        let script = "t=$1; shift; \"$0\" \"$@\" & p=$!; (sleep $t; kill -9 $p) & k=$!; wait $p; s=$?; kill $k; exit $s"
        shell.arguments = ["-c", script, Command.executable.path, "\(seconds)"] + arguments
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { continuation in
            shell.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try shell.run() } catch { continuation.resume(throwing: error) }
        }
        try #require(status == 0 || status == 128 + SIGKILL, "status \(status)")
        return status != 0
    }

    @Test("twenty kills at random moments change no bit", arguments: ["adamw", "muon"])
    func kills(optimizer: String) async throws {
        let folder = try TemporaryFolder()
        let text = try Self.text(in: folder)
        let options = Self.options + ["--text", text, "--optimizer", optimizer]
        let whole = "\(folder.path)/whole"
        let start = ContinuousClock.now
        let undisturbed = try await Command.run(["train", "--out", whole] + options)
        try #require(undisturbed.status == 0, "\(undisturbed.messages)")
        // Twenty kills take some four fifths of the run.
        let longest = (ContinuousClock.now - start) / .seconds(1) * 2 / 25

        let broken = "\(folder.path)/broken"
        var kills = 0
        var unfinished = 0
        while kills < 20 {
            let begun = FileManager.default.fileExists(atPath: "\(broken)/run.json")
            let goingOn = ["--resume", "--threads", "\(kills % 3 + 1)"]
            let arguments = ["train", "--out", broken] + (begun ? goingOn : options)
            guard try await Self.kill(arguments, after: Double.random(in: 0.01...max(longest, 0.05))) else { break }
            kills += 1
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(broken)/checkpoints")) ?? []
            if names.contains(where: { $0.hasSuffix(".partial") || $0.hasSuffix(".old") }) { unfinished += 1 }
        }
        let end = try await Command.run(["train", "--out", broken, "--resume"])
        #expect(end.status == 0, "\(end.messages)")
        print("\(kills) kills, \(unfinished) of them inside the writing of a checkpoint")
        #expect(kills >= 10)
        #expect(try Self.metrics(broken) == Self.metrics(whole))
        #expect(try Self.weights(broken, "step-150") == Self.weights(whole, "step-150"))
        #expect(try Self.weights(broken, "best") == Self.weights(whole, "best"))
    }

    @Test("Ctrl-C writes a checkpoint and leaves")
    func interruption() async throws {
        let folder = try TemporaryFolder()
        let run = "\(folder.path)/run"
        let options = Self.options + ["--text", try Self.text(in: folder), "--checkpoint-every", "100000"]
        let running = try RunningCommand(["train", "--out", run] + options + ["--steps", "100000"])
        try #require(try await running.wait { running.messagesSoFar.contains("step 3/") })
        running.signal(SIGINT)
        let end = try await running.end()
        #expect(end.status == 130)
        let step = try #require(try Self.metrics(run).last?.step)
        #expect(FileManager.default.fileExists(atPath: "\(run)/checkpoints/step-\(step)/training.json"))
    }

    @Test("another configuration, another run and a missing run are refused")
    func refusals() async throws {
        let folder = try TemporaryFolder()
        let text = try Self.text(in: folder)
        let run = "\(folder.path)/run"
        let options = ["--text", text] + Self.options + ["--steps", "3"]
        try #require(try await Command.run(["train", "--out", run] + options).status == 0)
        let before = try Self.weights(run, "step-3")

        let again = try await Command.run(["train", "--out", run] + options)
        #expect(again.status == 64)
        #expect(again.messages.contains("holds another run"))
        let other = try await Command.run(["train", "--out", run, "--resume", "--batch-size", "5"])
        #expect(other.status == 64)
        #expect(other.messages.contains("--batch-size was 3 when the run began, and is 5 now"))
        let none = try await Command.run(["train", "--out", "\(folder.path)/none", "--resume"])
        #expect(none.status == 66)
        #expect(none.messages.contains("no run to go on with"))
        #expect(try Self.weights(run, "step-3") == before)
    }
}
