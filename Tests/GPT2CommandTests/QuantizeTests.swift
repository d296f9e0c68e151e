import Foundation
import TestSupport
import Testing

/// quantize --calibrate, whose bad options are among ``BadInputTests``.
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

    @Test(arguments: ["q8", "q4"]) func makesAModelOfTheSameSize(_ weights: String) async throws {
        let run = try await quantize(weights, "--calibrate", text, "--calibrate-tokens", "100", "--format", "json")
        try #require(run.status == 0, "\(run.messages)")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(run.output)) as? [String: Any])
        #expect(document["weights"] as? String == weights)
        let file = try Data(contentsOf: URL(fileURLWithPath: "\(out)/model.safetensors"))
        let again = try await Command.run(["generate", "Once", "--model", out, "--max-tokens", "4"])
        #expect(again.status == 0, "\(again.messages)")

        try FileManager.default.removeItem(atPath: out)
        let plain = try await quantize(weights)
        try #require(plain.status == 0, "\(plain.messages)")
        let other = try Data(contentsOf: URL(fileURLWithPath: "\(out)/model.safetensors"))
        #expect(file.count == other.count && file != other)
    }

    @Test func threadsChangeNoBit() async throws {
        var files: [Data] = []
        for threads in ["1", "3"] {
            let run = try await quantize("q4", "--calibrate", text, "--threads", threads)
            try #require(run.status == 0, "\(run.messages)")
            files.append(try Data(contentsOf: URL(fileURLWithPath: "\(out)/model.safetensors")))
            try FileManager.default.removeItem(atPath: out)
        }
        #expect(files[0] == files[1])
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
    }
}
