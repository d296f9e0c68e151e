import Foundation
import TestSupport
import Testing

/// What the options of `gpt2 train` do.
struct TrainTests {
    private let folder: TemporaryFolder
    private let text: String
    private static let shape = [
        "--layers", "1", "--heads", "2", "--channels", "16", "--context", "16", "--batch-size", "2", "--tokenizer",
        "char", "--learning-rate", "0.01", "--warmup-steps", "2",
    ]

    init() throws {
        folder = try TemporaryFolder()
        text = try folder.write("text.txt", (0..<300).map { "line \($0 % 31) of a text\n" }.joined().utf8)
    }

    private func train(
        _ name: String, _ options: [String]
    ) async throws -> (folder: TrainingFolder, run: Command) {
        try await TrainingFolder.train("\(folder.path)/\(name)", Self.shape + options)
    }

    // MARK: The result

    @Test func resultSaysHowTheRunEnded() async throws {
        let options = ["--text", text, "--steps", "8", "--evaluate-every", "4"]
        let (run, command) = try await train("json", options + ["--format", "json"])
        let result = try TrainingFolder.result(command)
        let lines = try run.metrics()
        #expect(lines.map(\.step) == [1, 2, 3, 4, 4, 5, 6, 7, 8, 8])
        #expect(result.ending == "finished" && result.steps == 8)
        #expect(result.loss == lines.compactMap(\.loss).last)
        let best = try #require(
            lines.filter { $0.validationLoss != nil }.min { $0.validationLoss ?? 0 < $1.validationLoss ?? 0 })
        #expect(result.bestValidationLoss == best.validationLoss && result.bestStep == best.step)
        #expect(result.model == run.checkpoint("best"))
        #expect(result.seconds > 0)

        let (other, spoken) = try await train("text", options)
        #expect(spoken.text.hasPrefix("finished after step 8, best validation loss "))
        #expect(spoken.text.hasSuffix(" at step \(best.step)\n\(other.checkpoint("best"))\n"))
        // The best model is the checkpoint of its step.
        let name = "model.safetensors"
        #expect(try other.bytes("checkpoints/best/\(name)") == run.bytes("checkpoints/step-\(best.step)/\(name)"))
    }

    // MARK: When a run ends, and what it keeps

    @Test func patienceEndsARunThatGetsNoBetter() async throws {
        // What is learnt from the one text is wrong about the other.
        let one = try folder.write("one.txt", String(repeating: "ab", count: 500).utf8)
        let other = try folder.write("other.txt", String(repeating: "aabb", count: 50).utf8)
        let (run, command) = try await train(
            "patience",
            [
                "--text", one, "--validation-text", other, "--steps", "400", "--evaluate-every", "5", "--patience", "3",
                "--format", "json",
            ])
        #expect(command.messages.contains("1,000 tokens to train with, 200 to validate with"))
        let result = try TrainingFolder.result(command)
        #expect(result.ending == "stopped early")
        #expect(result.steps == result.bestStep + 15 && result.steps < 400)
        let losses = try run.validationLosses()
        #expect(losses.count == result.steps / 5)
        #expect(losses.suffix(3).allSatisfy { $0 >= result.bestValidationLoss })
        // It learns all the same.
        let training = try run.losses()
        #expect(try #require(training.last) < training[0] - 0.2)
    }

    @Test func keepSaysHowManyCheckpointsStay() async throws {
        for keep in [1, 3] {
            let (run, _) = try await train(
                "keep-\(keep)",
                ["--text", text, "--steps", "8", "--checkpoint-every", "1", "--keep", "\(keep)"])
            let names = try run.checkpoints()
            #expect(names.isSuperset(of: ["best"] + (0..<keep).map { "step-\(8 - $0)" }))
            // The one before stays until the next step has shown that a checkpoint is good.
            #expect(names.count <= 1 + keep + 1, "\(names)")
            #expect(!names.contains("step-\(8 - keep - 1)"), "\(names)")
        }
    }

    // MARK: Samples

    @Test func samplesAreWhatTheModelOfTheirStepWrites() async throws {
        let (run, command) = try await train(
            "samples",
            [
                "--text", text, "--steps", "6", "--checkpoint-every", "2", "--keep", "5", "--sample-every", "2",
                "--sample-prompt", "line 1",
            ])
        let samples = try run.samples()
        #expect(samples.map(\.step) == [2, 4, 6])
        for sample in samples {
            #expect(command.messages.contains("sample at step \(sample.step):\n\(sample.text)"))
            let generated = try await Command.run([
                "generate", "--model", run.checkpoint("step-\(sample.step)"), "line 1", "--max-tokens", "200", "--seed",
                "\(sample.step)",
            ])
            #expect(generated.text == sample.text + (sample.text.hasSuffix("\n") ? "" : "\n"))
        }
    }

    // MARK: Memory

    @Test func recomputationChangesNoBit() async throws {
        let options = ["--text", text, "--steps", "6", "--dropout", "0.2", "--layers", "2"]
        let (kept, _) = try await train("kept", options)
        let (made, _) = try await train("made", options + ["--recompute"])
        #expect(try made.metrics() == kept.metrics())
        let name = "checkpoints/step-6/model.safetensors"
        #expect(try made.bytes(name) == kept.bytes(name))
        #expect(try made.bytes("run.json") != kept.bytes("run.json"))
    }

    @Test func accumulationIsOneLargeBatch() async throws {
        let options = ["--text", text, "--steps", "4"]
        let (whole, _) = try await train("whole", options + ["--batch-size", "6"])
        let (parts, _) = try await train("parts", options + ["--batch-size", "2", "--accumulate", "3"])
        for (one, other) in zip(try whole.losses(), try parts.losses()) { #expect(abs(one - other) < 1e-5) }
    }

    // MARK: The folder

    /// docs/training.md has a row for each of them.
    @Test func everyFileOfARunIsInTheDocumentation() async throws {
        let (run, _) = try await train("files", ["--text", text, "--steps", "2", "--sample-every", "1"])
        let guide = try Documentation.text("docs/training.md")
        let names = try FileManager.default.contentsOfDirectory(atPath: run.path)
        let expected = ["run.json", "metrics.jsonl", "samples.jsonl", "report.html", "checkpoints"]
        #expect(Set(names).isSuperset(of: expected))
        for name in names {
            let shown = name.hasPrefix("events.out.tfevents") ? "events.out.tfevents" : name
            #expect(guide.contains("`\(shown)"), "docs/training.md does not name \(name)")
        }
    }
}
