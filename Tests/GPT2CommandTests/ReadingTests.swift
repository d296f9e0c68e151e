import Foundation
import TestSupport
import Testing

/// tokenize, detokenize, logits, info, evaluate and inspect.
@Suite struct ReadingTests {
    private func json(_ run: Command) throws -> [String: Any] {
        try #require(run.status == 0, "\(run.messages)")
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output)) as? [String: Any])
    }

    @Test func tokensAreThoseOfTokenizers() async throws {
        for (text, tokens) in try Fixture.expected().tokens {
            let run = try await Command.run(["tokenize", text, "--model", Fixture.tiny, "--format", "json"])
            #expect(try json(run)["tokens"] as? [Int] == tokens)
            let plain = try await Command.run(["tokenize", text, "--model", Fixture.tiny])
            #expect(plain.text == tokens.map(String.init).joined(separator: ",") + "\n")
        }
    }

    @Test func anyBytesComeBack() async throws {
        let bytes = (0...255).map { UInt8($0) } + Array("\n狐\r\n".utf8) + [0xE7, 0x8B]
        let there = try await Command.run(["tokenize", "-", "--model", Fixture.tiny], input: bytes)
        let back = try await Command.run(["detokenize", "-", "--model", Fixture.tiny], input: there.output)
        #expect(back.output == bytes)
        let document = try await Command.run(
            ["detokenize", "-", "--model", Fixture.tiny, "--format", "json"], input: there.output)
        #expect(try json(document)["bytes"] as? [Int] == bytes.map(Int.init))
    }

    @Test func tokenizerAloneIsEnoughToTokenize() async throws {
        let folder = try Fixture.tiny(without: "config.json", "generation_config.json", "model.safetensors")
        let run = try await Command.run(["tokenize", Fixture.prompt, "--model", folder.path])
        #expect(run.status == 0, "\(run.messages)")
    }

    @Test func logitsAreThoseOfTransformers() async throws {
        let expected = try Fixture.expected()
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/logits.npy"
        let ids = (expected.tokens[Fixture.prompt] ?? []).map(String.init).joined(separator: ",")
        let run = try await Command.run(["logits", "--model", Fixture.tiny, "--token-ids", ids, "--output", path])
        try #require(run.status == 0, "\(run.messages)")
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        // https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
        #expect(Array(file.prefix(8)) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
        let start = 10 + Int(file[8]) + 256 * Int(file[9])
        #expect(start.isMultiple(of: 64))
        let header = String(decoding: file[10..<start], as: UTF8.self)
        #expect(header.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 300, ), }"))
        #expect(header.hasSuffix(" \n"))
        let values = file[start...].withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        let wanted = expected.logits.flatMap { $0 }
        try #require(values.count == wanted.count)
        let largest = wanted.map(\.magnitude).max() ?? 0
        let error = zip(values, wanted).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(error <= 1e-5 * largest)
        // The temporary file is gone.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["logits.npy"])
    }

    @Test func infoCountsParameters() async throws {
        // wte + wpe + 2 blocks of (2 norms, attention, feed-forward) + ln_f.
        let block = 4 * 16 + (16 * 48 + 48) + (16 * 16 + 16) + (16 * 64 + 64) + (64 * 16 + 16)
        let parameters = 300 * 16 + 32 * 16 + 2 * block + 2 * 16
        let document = try json(try await Command.run(["info", "--model", Fixture.tiny, "--format", "json"]))
        #expect(document["parameters"] as? Int == parameters)
        // The table's 300 rows take 19 panels of 16.
        #expect(document["bytes"] as? Int == 4 * (parameters + 4 * 16))
        #expect(document["held_as"] as? String == "f32")
        #expect((document["weights"] as? [[String: Any]])?.count == 28)
        #expect(document["stored_types"] as? [String: Int] == ["F32": 28])
        let run = try await Command.run(["info", "--model", Fixture.tiny])
        #expect(run.text.contains("11,904"))
        #expect(run.text.contains("[16, 48]"))
        #expect(run.text.contains("held as      : f32; "))
    }

    @Test(arguments: [("f16", 32), ("q8", 17), ("q4", 9)])
    func infoCountsTheBytesThatAreHeld(_ weights: String, _ bytesOfSixteen: Int) async throws {
        let arguments = ["info", "--model", Fixture.tiny, "--weights", weights]
        let document = try json(try await Command.run(arguments + ["--format", "json"]))
        #expect(document["held_as"] as? String == weights)
        let entries = try #require(document["weights"] as? [[String: Any]])
        func bytes(_ name: String) -> Int? { entries.first { $0["name"] as? String == name }?["bytes"] as? Int }
        // What one input takes in a panel of 16 outputs, scales included; biases and positions are floats.
        #expect(bytes("transformer.h.1.mlp.c_proj.bias") == 4 * 16)
        #expect(bytes("transformer.wpe.weight") == 4 * 32 * 16)
        #expect(bytes("transformer.h.1.mlp.c_proj.weight") == 64 * bytesOfSixteen)
        #expect(entries.compactMap { $0["bytes"] as? Int }.reduce(0, +) == document["bytes"] as? Int)
        #expect(try await Command.run(arguments).text.contains("held as      : \(weights); "))
    }

    @Test func evaluationIsThatOfTransformers() async throws {
        let expected = try Fixture.expected()
        let folder = try TemporaryFolder()
        let path = try folder.write("text.txt", Array(expected.scoredText.utf8))
        let arguments = ["evaluate", "--model", Fixture.tiny, "--text", path]
        let document = try json(try await Command.run(arguments + ["--format", "json"]))
        let loss = try #require(document["loss"] as? Double)
        #expect(abs(loss - expected.loss) < 1e-5 * expected.loss)
        #expect(document["tokens"] as? Int == expected.scoredTokens)
        let bits = expected.loss * Double(expected.scoredTokens) / log(2) / Double(expected.scoredText.utf8.count)
        #expect(abs(try #require(document["bits_per_byte"] as? Double) - bits) < 1e-5 * bits)
        #expect(abs(try #require(document["perplexity"] as? Double) - exp(expected.loss)) < 1e-3 * exp(expected.loss))
        #expect((document["protocol"] as? String)?.isEmpty == false)
        let run = try await Command.run(arguments)
        let names = run.text.split(separator: "\n").map { $0.prefix { $0 != ":" } }
        #expect(names == ["loss", "perplexity", "bits_per_byte", "tokens", "bytes", "protocol"])
    }

    @Test func inspectionEndsWithThePrediction() async throws {
        let expected = try Fixture.expected()
        let arguments = ["inspect", Fixture.prompt, "--model", Fixture.tiny]
        let inspected = try await Command.run(arguments + ["--format", "json"])
        #expect(inspected.output.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        let document = try json(inspected)
        let layers = try #require(document["layers"] as? [[String: Any]])
        #expect(layers.count == 2)
        let prediction = try #require((document["prediction"] as? [[String: Any]])?.first)
        let token = try #require(prediction["token"] as? [String: Any])
        let last = try #require(expected.logits.last)
        #expect(token["id"] as? Int == last.firstIndex(of: last.max() ?? 0))
        let run = try await Command.run(arguments)
        #expect(run.text.contains("layer 1") && run.text.contains("·upon"))
    }
}
