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

/// Runs that cannot go on, and input that no run can begin with.
struct TrainFailureTests {
    private let folder: TemporaryFolder
    private let text: String
    private static let shape = ["--layers", "1", "--heads", "1", "--channels", "16"]
    private static let steps = ["--context", "16", "--batch-size", "2", "--log-every", "1", "--warmup-steps", "0"]

    init() throws {
        folder = try TemporaryFolder()
        text = try folder.write("text.txt", (0..<400).map { "line \($0 % 31) of a text\n" }.joined().utf8)
    }

    /// Trains on characters, or further from a model, or on tokens that are given.
    private func train(_ options: [String], out: String = "run") async throws -> Command {
        let shape = options.contains("--init") ? [] : Self.shape
        let isText = !options.contains("--init") && !options.contains("--tokens")
        let tokenizer = isText ? ["--tokenizer", "char"] : []
        return try await Command.run(
            ["train", "--out", "\(folder.path)/\(out)"] + shape + tokenizer + Self.steps + options)
    }

    /// The first step's weights are far out, so that no checkpoint is good.
    @Test func divergenceNamesNoCheckpointOfTheWeightsThatFailed() async throws {
        let run = try await train([
            "--text", text, "--steps", "50", "--learning-rate", "1e12", "--clip", "0", "--checkpoint-every", "1",
            "--evaluate-every", "50",
        ])
        #expect(run.status == 1)
        #expect(run.messages.contains("the sequences that start at tokens"), "\(run.messages)")
        #expect(run.messages.contains("There is no good checkpoint"), "\(run.messages)")
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/run/checkpoints")
        #expect(names == ["step-1.diverged"])
    }

    /// What the message says to do can be done, with a model that is one.
    @Test func divergenceStopsWithTheLastGoodCheckpoint() async throws {
        let begun = try await train([
            "--text", text, "--steps", "4", "--checkpoint-every", "2", "--schedule", "constant",
        ])
        try #require(begun.status == 0, "\(begun.messages)")
        // As a step that went too far would leave it: the last weight is not a number.
        let model = "run/checkpoints/step-4/model.safetensors"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(model)"))
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
        try folder.write(model, bytes)
        let failed = try await Command.run(["train", "--resume", "--steps", "8", "--out", "\(folder.path)/run"])
        #expect(failed.status == 1)
        let good = "\(folder.path)/run/checkpoints/step-2"
        #expect(failed.messages.contains("The last good state is \(good): start from it with --init"))
        let evaluation = try await Command.run(["evaluate", "--model", good, "--text", text])
        #expect(evaluation.status == 0)
        let further = try await train(
            ["--init", good, "--text", text, "--steps", "2", "--learning-rate", "1e-4"], out: "further")
        #expect(further.status == 0, "\(further.messages)")
    }

    @Test func aStartThatFailedIsNoObstacle() async throws {
        let missing = try await train(["--text", "\(folder.path)/tpyo.txt"])
        #expect(missing.status == 66)
        let long = try await train(["--text", text, "--context", "8000"])
        #expect(long.status == 65)
        let right = try await train(["--text", text, "--steps", "2"])
        #expect(right.status == 0, "\(right.messages)")
        let another = try await train(["--text", text, "--steps", "2"])
        #expect(another.status == 64)
        #expect(another.messages.contains("another run"))
    }

    @Test(
        arguments: [
            (["--tokens", "TEXT", "--validation-text", "TEXT"], "--validation-text"),
            (["--tokens", "TEXT", "--tokenizer", "char"], "--tokenizer char"),
            (["--init", "MODEL", "--text", "TEXT", "--layers", "2"], "--layers"),
            (["--init", "MODEL", "--text", "TEXT", "--vocab-size", "2"], "--vocab-size"),
            (["--text", "TEXT", "--lora-alpha", "8"], "--lora-alpha"),
            (["--text", "TEXT", "--lora-targets", "c_fc"], "--lora-targets"),
            (["--text", "TEXT", "--vocab-size", "300"], "--vocab-size has no effect here"),
            (["--tokens", "TEXT", "--tokenizer", "MODEL", "--vocab-size", "300"], "--vocab-size has no effect here"),
            (["--text", "TEXT", "--muon-learning-rate", "0.01"], "--muon-learning-rate has no effect here"),
            (["--text", "TEXT", "--muon-weight-decay", "0.1"], "--muon-weight-decay has no effect here"),
            (
                ["--preset", "stories", "--optimizer", "adamw", "--text", "TEXT", "--muon-learning-rate", "0.01"],
                "--muon-learning-rate has no effect here"
            ),
            (
                ["--text", "TEXT", "--schedule", "constant", "--min-learning-rate", "1e-5"],
                "--min-learning-rate has no effect here"
            ),
            (["--text", "TEXT", "--sample-prompt", "line"], "--sample-prompt has no effect here"),
            (["--init", "MODEL", "--text", "TEXT", "--tokenizer", "char"], "--tokenizer"),
            (["--init", "MODEL", "--text", "TEXT", "--lora-rank", "2000000000"], "--lora-rank"),
            (["--text", "TEXT", "--batch-size", "2147483648", "--accumulate", "2147483648"], "--batch-size"),
            (["--text", "TEXT", "--context", "20000000"], "--context"),
        ] as [([String], String)])
    func optionsWithoutEffectAreRefused(_ options: [String], _ named: String) async throws {
        let options = options.map { $0 == "TEXT" ? text : $0 == "MODEL" ? Fixture.tiny : $0 }
        let run = try await train(options)
        #expect(run.status == 64, "\(run.messages)")
        #expect(run.messages.split(separator: "\n").first?.contains(named) == true, "\(run.messages)")
    }

    /// What makes them do something may be in the preset.
    @Test func optionsWithAnEffectAreTaken() async throws {
        let run = try await train([
            "--preset", "stories", "--text", text, "--steps", "2", "--muon-learning-rate", "0.01",
            "--muon-weight-decay", "0.1", "--min-learning-rate", "1e-5", "--sample-every", "2", "--sample-prompt",
            "line",
        ])
        #expect(run.status == 0, "\(run.messages)")
        #expect(run.messages.contains("sample at step 2:\nline"), "\(run.messages)")
    }

    /// Steps times tokens is more than 64 bits hold.
    @Test func manyStepsAreOnlyANumber() async throws {
        let options = ["--text", text, "--steps", "2147483648", "--accumulate", "300000000"]
        let running = try RunningCommand(
            ["train", "--out", "\(folder.path)/run"] + Self.shape + ["--tokenizer", "char"] + Self.steps + options)
        #expect(try await running.wait { running.messagesSoFar.contains("2,147,483,648 steps") })
        running.signal(SIGKILL)
    }

    /// The same rate again is no other plan, even where the run has a lowest rate of its own.
    @Test func theSameRateMayBeGivenAgain() async throws {
        let begun = try await train(["--text", text, "--steps", "2", "--min-learning-rate", "5e-5"])
        try #require(begun.status == 0)
        let resumed = try await Command.run([
            "train", "--resume", "--learning-rate", "1e-3", "--out", "\(folder.path)/run",
        ])
        #expect(resumed.status == 0, "\(resumed.messages)")
    }

    @Test func writesThatFailLeaveTheLastCheckpoint() async throws {
        let options = ["--text", text, "--steps", "6", "--checkpoint-every", "2", "--evaluate-every", "100"]
        // As on a full disk: what grows beyond 8 kB cannot be written. The signal that would say so is ignored.
        let run = "\(folder.path)/run"
        let begun = try await train(options + ["--steps", "2"])
        try #require(begun.status == 0)
        let plan = "\(run)/run.json"
        let json = try String(contentsOfFile: plan, encoding: .utf8)
        try json.replacing("\"steps\" : 2", with: "\"steps\" : 6").write(
            toFile: plan, atomically: true, encoding: .utf8)
        let model = URL(fileURLWithPath: "\(run)/checkpoints/step-2/model.safetensors")
        let before = try Data(contentsOf: model)
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = [
            "-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" train --resume --out \"$1\"", Command.executable.path, run,
        ]
        let errors = Pipe()
        shell.standardError = errors
        try shell.run()
        let message = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 66, "\(message)")
        #expect(message.contains("cannot be written"), "\(message)")
        #expect(try Data(contentsOf: model) == before)
        let resumed = try await Command.run(["train", "--resume", "--out", run])
        #expect(resumed.status == 0, "\(resumed.messages)")
        #expect(FileManager.default.fileExists(atPath: "\(run)/checkpoints/step-6/training.json"))
    }

    @Test func badInputIsNamed() async throws {
        func expect(_ options: [String], _ status: Int32, _ problem: String, out: String = "new") async throws {
            let run = try await train(options, out: out)
            #expect(run.status == status, "\(options): \(run.messages)")
            #expect(run.messages.contains(problem), "\(options): \(run.messages)")
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/\(out)/checkpoints"))
        }
        try await expect(["--text", folder.write("empty", [])], 65, "the text is empty", out: "a")
        try await expect(["--text", folder.write("tiny", Array("abc".utf8))], 65, "needs at least 17", out: "b")
        try await expect(["--text", folder.write("latin", [0x63, 0xE9, 0x20])], 65, "not UTF-8: byte 1", out: "c")
        try await expect(["--text", "\(folder.path)/none"], 66, "none", out: "d")
        let ids = [UInt8](repeating: 200, count: 400)
        let tokens = try folder.write("tokens.bin", ids)
        try await expect(["--tokens", tokens, "--vocab-size", "300"], 65, "outside the vocabulary of 300", out: "e")
        try await expect(["--tokens", tokens, "--vocab-size", "70000"], 65, "16 bits do not hold", out: "f")
        try await expect(["--text", text, "--heads", "3"], 64, "a divisor of --channels, 16", out: "g")
        try await expect(["--text", text, "--dropout", "1"], 64, "--dropout", out: "h")
        try await expect(["--text", text, "--lora-rank", "4"], 64, "--init", out: "i")
        let nowhere = try await Command.run(["train", "--out", "/proc/run", "--text", text] + Self.steps)
        #expect(nowhere.status == 66)
        try folder.write("file", [1])
        try FileManager.default.createDirectory(atPath: "\(folder.path)/full", withIntermediateDirectories: true)
        try folder.write("full/other.txt", [1])
        try await expect(["--text", text], 64, "other files: other.txt", out: "full")
    }
}
