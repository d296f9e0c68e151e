import Foundation
import TestSupport
import Testing

/// Runs that cannot go on, and input that no run can begin with.
@Suite(.timeLimit(.minutes(5))) struct TrainFailureTests {
    private let folder: TemporaryFolder
    private let text: String
    private static let options = [
        "--layers", "1", "--heads", "1", "--channels", "16", "--context", "16", "--batch-size", "2", "--tokenizer",
        "char",
        "--log-every", "1",
    ]

    init() throws {
        folder = try TemporaryFolder()
        text = try folder.write("text.txt", (0..<400).map { "line \($0 % 31) of a text\n" }.joined().utf8)
    }

    private func train(_ options: [String], out: String = "run") async throws -> Command {
        try await Command.run(["train", "--out", "\(folder.path)/\(out)"] + Self.options + options)
    }

    @Test func divergenceStopsWithTheLastGoodCheckpoint() async throws {
        let run = try await train([
            "--text", text, "--steps", "50", "--learning-rate", "1e12", "--clip", "0", "--warmup-steps", "0",
            "--checkpoint-every", "1", "--evaluate-every", "50",
        ])
        #expect(run.status == 1)
        #expect(run.messages.contains("the sequences that start at tokens"), "\(run.messages)")
        let checkpoints = "\(folder.path)/run/checkpoints"
        let last =
            try FileManager.default.contentsOfDirectory(atPath: checkpoints).filter { $0.hasPrefix("step-") }
            .max() ?? ""
        #expect(run.messages.contains("The last good state is \(checkpoints)/\(last)"), "\(run.messages)")
        // Its weights are numbers still.
        let info = try await Command.run(["info", "--model", "\(checkpoints)/\(last)"])
        #expect(info.status == 0)
        #expect(!info.messages.contains("infinite"))
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
        let nowhere = try await Command.run(["train", "--out", "/proc/run", "--text", text] + Self.options)
        #expect(nowhere.status == 66)
        try folder.write("file", [1])
        try FileManager.default.createDirectory(atPath: "\(folder.path)/full", withIntermediateDirectories: true)
        try folder.write("full/other.txt", [1])
        try await expect(["--text", text], 64, "other files: other.txt", out: "full")
    }
}
