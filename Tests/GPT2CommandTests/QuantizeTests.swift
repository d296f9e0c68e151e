import Foundation
import TestSupport
import Testing

/// What quantize fits q8 and q4 to; its bad options are among ``BadInputTests``.
@Suite struct QuantizeTests {
    private let folder: TemporaryFolder
    private let text: String
    private let out: String

    init() throws {
        folder = try TemporaryFolder()
        let line = "Once upon a time there was a fox who lived in the wood. "
        text = try folder.write("text.txt", Array(String(repeating: line, count: 20).utf8))
        out = "\(folder.path)/out"
    }

    private func quantize(
        _ weights: String, _ options: String..., model: String = Fixture.tiny
    ) async throws -> Command {
        try await Command.run(["quantize", "--model", model, "--weights", weights, "--out", out] + options)
    }

    /// The weights' file of a run that goes well, whose folder makes room for another.
    private func file(_ weights: String, _ options: String..., model: String = Fixture.tiny) async throws -> Data {
        let run = try await Command.run(
            ["quantize", "--model", model, "--weights", weights, "--out", out] + options)
        try #require(run.status == 0, "\(run.messages)")
        defer { try? FileManager.default.removeItem(atPath: out) }
        return try Data(contentsOf: URL(fileURLWithPath: "\(out)/model.safetensors"))
    }

    @Test(arguments: ["q8", "q4"]) func makesAModelOfTheSameSize(_ weights: String) async throws {
        let run = try await quantize(weights, "--calibrate", text, "--calibrate-tokens", "100", "--format", "json")
        try #require(run.status == 0, "\(run.messages)")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(run.output)) as? [String: Any])
        #expect(document["weights"] as? String == weights)
        let fitted = try Data(contentsOf: URL(fileURLWithPath: "\(out)/model.safetensors"))
        let again = try await Command.run(["generate", "Once", "--model", out, "--max-tokens", "4"])
        #expect(again.status == 0, "\(again.messages)")

        try FileManager.default.removeItem(atPath: out)
        let plain = try await file(weights, "--no-calibrate")
        #expect(fitted.count == plain.count && fitted != plain)
    }

    @Test func threadsChangeNoBit() async throws {
        #expect(
            try await file("q4", "--calibrate", text, "--threads", "1")
                == file("q4", "--calibrate", text, "--threads", "3"))
    }

    @Test func q4IsFittedToWhatTheModelWrites() async throws {
        let one = try await file("q4", "--calibrate-tokens", "100", "--threads", "1")
        #expect(try await file("q4", "--calibrate-tokens", "100", "--threads", "3") == one)
        #expect(try await file("q4", "--calibrate-tokens", "500") != one)
        let plain = try await file("q4", "--no-calibrate")
        #expect(plain.count == one.count && plain != one)
        // 8 bits are near enough by themselves.
        #expect(try await file("q8") == file("q8", "--no-calibrate"))
    }

    /// A model without a tokenizer writes too: tokens.
    @Test func whatTheModelWritesNeedsNoTokenizer() async throws {
        let model = try Fixture.tiny(without: "tokenizer.json")
        #expect(
            try await file("q4", "--calibrate-tokens", "100", model: model.path)
                == file("q4", "--calibrate-tokens", "100"))
    }

    @Test func aShortTextIsBadData() async throws {
        let short = try folder.write("short.txt", Array("Once upon a time".utf8))
        let run = try await quantize("q4", "--calibrate", short)
        #expect(run.status == 65)
        #expect(run.messages.hasPrefix("Error: "))
        #expect(run.messages.contains("short.txt") && run.messages.contains("at least 64"), "\(run.messages)")
        #expect(!FileManager.default.fileExists(atPath: out))
    }

    @Test func aTextNeedsATokenizer() async throws {
        let model = try Fixture.tiny(without: "tokenizer.json")
        let run = try await quantize("q4", "--calibrate", text, model: model.path)
        #expect(run.status == 64)
        #expect(run.messages.contains("tokenizer"), "\(run.messages)")
    }

    @Test func weightsThatAreNotNumbersAreBadData() async throws {
        let model = try Fixture.tiny(changing: "model.safetensors") { data in
            // The file ends with weights, as float32.
            data.replaceSubrange(data.count - 4..<data.count, with: [0, 0, 0xC0, 0x7F])
        }
        let run = try await quantize("q4", "--calibrate", text, model: model.path)
        #expect(run.status == 65)
        #expect(run.messages.contains("calibration"), "\(run.messages)")
        let writing = try await quantize("q4", model: model.path)
        #expect(writing.status == 65)
        #expect(writing.messages.contains("not numbers"), "\(writing.messages)")
    }
}
