import Foundation
import TestSupport
import Testing

/// What `gpt2 bench` writes; how fast it finds the model to be is not tested.
struct BenchTests {
    private static let quick = ["--repetitions", "2", "--tokens", "3"]

    private func document(_ arguments: [String]) async throws -> [String: Any] {
        let run = try await Command.run(["bench", "--format", "json"] + arguments)
        try #require(run.status == 0, "\(run.messages)")
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output)) as? [String: Any])
    }

    private func number(_ value: Any?) throws -> Double { try #require(value as? NSNumber).doubleValue }

    @Test func everyNumberIsThere() async throws {
        let document = try await document(
            ["--model", Fixture.tiny, "--threads", "2", "--prompt-lengths", "5,32", "--depths", "4", "--depths", "29"]
                + ["--batches", "1,6"] + Self.quick)
        #expect(document["model"] as? String == Fixture.tiny)
        #expect(document["parameters"] as? Int == 11904)
        #expect(document["repetitions"] as? Int == 2)
        let machine = try #require(document["machine"] as? [String: Any])
        #expect(machine["threads"] as? Int == 2 && machine["instruction_set"] is String)
        let bandwidth = try number(machine["bytes_per_s"])
        let peak = try number(machine["flops_per_s"])
        #expect(bandwidth > 0 && peak > 0)
        let formats = try #require(document["formats"] as? [[String: Any]])
        #expect(formats.map { $0["weights"] as? String } == ["f32", "f16", "q8", "q4"])
        for format in formats {
            #expect(try number(format["load_s"]) > 0)
            #expect(try number(format["first_token_s"]) > number(format["load_s"]))
        }
        // A process that has held one format says nothing of the memory of the next.
        #expect(formats.dropFirst().allSatisfy { $0["resident_bytes"] == nil })
        #if os(Linux)
            #expect(try number(formats[0]["resident_bytes"]) > 100_000)
        #endif
        // 2 blocks of 16 channels, 64 inside, and 300 tokens in 19 panels; biases and norms are floats.
        let matrices = 2 * (16 * 48 + 16 * 16 + 2 * 16 * 64) + 19 * 16 * 16
        let vectors = 2 * (48 + 16 + 64 + 16 + 4 * 16) + 2 * 16
        #expect(formats[0]["weight_bytes"] as? Int == 4 * (matrices + vectors))
        #expect(formats[1]["weight_bytes"] as? Int == 2 * matrices + 4 * vectors)

        let measurements = try #require(document["measurements"] as? [[String: Any]])
        #expect(measurements.count == 4 * 5)
        let works = measurements.prefix(5).map { $0["work"] as? String }
        #expect(works == ["prompt", "prompt", "decode", "decode", "decode"])
        #expect(measurements.prefix(5).map { $0["depth"] as? Int } == [0, 0, 4, 29, 4])
        #expect(measurements.prefix(5).map { $0["sequences"] as? Int } == [1, 1, 1, 1, 6])
        #expect(measurements.prefix(5).map { $0["tokens"] as? Int } == [5, 32, 3, 3, 18])
        // A prompt of 5: in the last block, 4 rows only leave keys and values, 16 channels to 32. 15 pairs of a query and a key
        // in the first block and 5 in the last, each 2 products x 16 multiply-adds; one row of logits.
        let block = 16 * 48 + 16 * 16 + 2 * 16 * 64
        let operations = 2 * ((5 + 1) * block + 4 * 16 * 32 + 300 * 16 + (15 + 5) * 2 * 16)
        #expect(measurements[0]["flops"] as? Int == operations)
        #expect(measurements[0]["bytes"] as? Int == 4 * (matrices + vectors) + 5 * 4 * 16)
        for measurement in measurements {
            let seconds = try #require(measurement["seconds"] as? [NSNumber]).map(\.doubleValue)
            try #require(seconds.count == 2)
            func isNear(_ key: String, _ expected: Double) throws {
                #expect(try abs(number(measurement[key]) - expected) <= 1e-9 * expected, "\(key) of \(measurement)")
            }
            let tokens = try number(measurement["tokens"])
            let (bytes, flops) = try (number(measurement["bytes"]), number(measurement["flops"]))
            try isNear("tokens_per_s", tokens / ((seconds[0] + seconds[1]) / 2))
            try isNear("tokens_per_s_lowest", tokens / max(seconds[0], seconds[1]))
            try isNear("tokens_per_s_highest", tokens / min(seconds[0], seconds[1]))
            try isNear("bytes_per_token", bytes / tokens)
            try isNear("flops_per_token", flops / tokens)
            try isNear("limit_tokens_per_s", tokens / max(bytes / bandwidth, flops / peak))
            try isNear("share", max(bytes / bandwidth, flops / peak) / ((seconds[0] + seconds[1]) / 2))
            #expect(
                measurement["limited_by"] as? String == (bytes / bandwidth > flops / peak ? "memory" : "arithmetic"))
        }
    }

    @Test func formatsAreThoseThatAreNamed() async throws {
        let arguments = ["--model", Fixture.tiny, "--prompt-lengths", "4", "--depths", "4", "--batches", "2"]
        let document = try await document(arguments + ["--weights", "q8", "--weights", "f32,q4"] + Self.quick)
        let formats = try #require(document["formats"] as? [[String: Any]])
        #expect(formats.map { $0["weights"] as? String } == ["q8", "f32", "q4"])
    }

    /// What is stored in blocks cannot be held otherwise.
    @Test func storedBlocksAreMeasuredAsTheyAre() async throws {
        let folder = try TemporaryFolder()
        let stored = "\(folder.path)/q8"
        let made = try await Command.run(["quantize", "--model", Fixture.tiny, "--weights", "q8", "--out", stored])
        try #require(made.status == 0, "\(made.messages)")
        let document = try await document(["--model", stored, "--batches", "1"] + Self.quick)
        let formats = try #require(document["formats"] as? [[String: Any]])
        #expect(formats.map { $0["weights"] as? String } == ["q8"])

        for wanted in ["q8,q4", "f32,q8"] {
            let run = try await Command.run(["bench", "--model", stored, "--weights", wanted])
            #expect(run.status == 64)
            #expect(run.messages.contains("Error: \(stored): the weights are stored as q8"), "\(run.messages)")
            // Before anything is measured a note says what is left out.
            #expect(!run.messages.contains("note: "), "\(run.messages)")
            #expect(run.output.isEmpty)
        }
    }

    @Test func tablesAndNotes() async throws {
        let arguments = ["bench", "--model", Fixture.tiny, "--weights", "f32,q8", "--batches", "1,2"]
        let run = try await Command.run(arguments + Self.quick)
        #expect(run.status == 0, "\(run.messages)")
        // The context is 32.
        let notes = run.messages.split(separator: "\n").filter { $0.hasPrefix("note: ") }
        #expect(notes.count == 2 && notes[0].contains("128, 512") && notes[1].contains("256, 900"), "\(notes)")
        let lines = run.text.split(separator: "\n")
        #expect(lines.first?.hasSuffix("11,904 parameters") == true)
        #expect(lines.filter { $0.hasPrefix("q8 ") }.count == 1 + 5)
        #expect(lines.contains { $0.hasPrefix("f32      decode at 29 ") && $0.hasSuffix("%") })
        #expect(!run.text.contains("\u{1B}"))
    }

    /// The model inside the package, with what is chosen for it.
    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["GPT2_ISA"] != "scalar", "plain C takes minutes for long prompts"))
    func storyModel() async throws {
        let document = try await document(["--repetitions", "1", "--tokens", "4"])
        let measurements = try #require(document["measurements"] as? [[String: Any]])
        // What it is held as by itself comes first.
        let formats = try #require(document["formats"] as? [[String: Any]])
        #expect(formats.map { $0["weights"] as? String } == ["f16", "f32", "q8", "q4"])
        // Prompts of 16, 128 and 512; after 16, 256 and 508; 4, 8 and 16 together.
        #expect(measurements.count == 4 * 9)
        #expect(measurements.allSatisfy { ($0["share"] as? NSNumber)?.doubleValue ?? 0 > 0 })
    }
}
