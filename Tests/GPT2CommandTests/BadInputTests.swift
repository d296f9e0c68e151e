import Foundation
import TestSupport
import Testing

@Suite struct BadInputTests {
    @Test(
        arguments: [
            (["generate", "a", "--model", "no-such-folder"], 66, "no-such-folder"),
            (["generate", "a", "--model", "TINY/config.json"], 65, "config.json"),
            (["generate", "a", "--model", "TINY", "--max-tokens", "0"], 64, "--max-tokens"),
            (["generate", "a", "--model", "TINY", "--max-tokens", "many"], 64, "--max-tokens"),
            (["generate", "a", "--model", "TINY", "--temperature=-1"], 64, "--temperature"),
            (["generate", "a", "--model", "TINY", "--temperature", "nan"], 64, "--temperature"),
            (["generate", "a", "--model", "TINY", "--top-k=-3"], 64, "--top-k"),
            (["generate", "a", "--model", "TINY", "--top-p", "1.5"], 64, "--top-p"),
            (["generate", "a", "--model", "TINY", "--stop", ""], 64, "--stop"),
            (["generate", "a", "--model", "TINY", "--seed=-1"], 64, "--seed"),
            (["generate", "a", "--model", "TINY", "--threads", "0"], 64, "--threads"),
            (["generate", "a", "--model", "TINY", "--weights", "q5"], 64, "q5"),
            (["generate", "a", "--model", "TINY", "--weights", "f64"], 64, "--weights"),
            (["generate", "a", "--model", "TINY", "--format", "xml"], 64, "--format"),
            (["generate", "a", "--model", "TINY", "--lora-rank", "4"], 64, "--lora-rank"),
            (["generate", "a", "--model", "TINY", "--prompt-cache", "no-such-folder/x"], 66, "no-such-folder/x"),
            (["generate", "a", "--model", "TINY", "--prompt-cache", "TINY/config.json"], 65, "config.json"),
            (["generate", "a", "--model", "TINY", "--prompt-cache", "TINY/model.safetensors"], 65, "no prompt cache"),
            (["generate", "a", "--model", "TINY", "--prompt-cache", "TINY"], 65, "folder"),
            (["generate", "a", "--model", "TINY", "--token-ids", "1"], 64, "--token-ids"),
            (["generate", "a", "--model", "TINY", "--tint", "--format", "json"], 64, "--tint"),
            (["generate", "--model", "TINY", "--token-ids", "1", "--allow-special"], 64, "--allow-special"),
            (["inspect", "--model", "TINY", "--token-ids", "1", "--allow-special"], 64, "--allow-special"),
            (["generate", "--model", "TINY", "--token-ids", "1,x"], 64, "x"),
            (["generate", "--model", "TINY", "--token-ids", ",,"], 64, "is not a token id"),
            (["generate", "--model", "TINY", "--token-ids", "1,300"], 64, "300"),
            (["generate", "--model", "TINY", "--token-ids=-1"], 64, "-1"),
            (["generate", "--model", "TINY", "--token-ids", "99999999999999999999"], 64, "99999999999999999999"),
            (["generate", "--model", "TINY"], 64, "-"),
            (["generate", "a", "b", "--model", "TINY"], 64, "b"),
            (["inspect", "--model", "TINY"], 64, "-"),
            (["logits", "--model", "TINY", "--token-ids", "1,300", "--output", "x.npy"], 64, "300"),
            (["logits", "--model", "TINY", "--token-ids", "1"], 64, "--output"),
            (["logits", "--model", "TINY", "--token-ids", "1", "--output", "no-such-folder/x.npy"], 66, "x.npy"),
            (["detokenize", "1,300", "--model", "TINY"], 64, "300"),
            (["detokenize", "1;2", "--model", "TINY"], 64, "1;2"),
            (["tokenize", "a", "--model", "no-such-folder"], 66, "no-such-folder"),
            (["evaluate", "--model", "TINY", "--text", "no-such-file"], 66, "no-such-file"),
            (["evaluate", "--model", "TINY", "--text", "TINY"], 65, "tiny"),
            (["evaluate", "--model", "TINY", "--text", "TINY/config.json", "--stride", "0"], 64, "--stride"),
            (["evaluate", "--model", "TINY", "--text", "TINY/config.json", "--stride", "33"], 64, "stride"),
            (["quantize", "--model", "TINY", "--weights", "q5", "--out", "x"], 64, "q5"),
            (["quantize", "--model", "TINY", "--weights", "f16"], 64, "--out"),
            (["quantize", "--model", "TINY", "--weights", "q8", "--out", "x", "--threads", "0"], 64, "--threads"),
            (["quantize", "--model", "TINY", "--out", "x", "--weights", "f16", "--calibrate", "y"], 64, "--calibrate"),
            (
                ["quantize", "--model", "TINY", "--out", "x", "--weights", "q8", "--calibrate-tokens", "99"], 64,
                "--calibrate"
            ),
            (
                ["quantize", "--model", "TINY", "--out", "x", "--weights", "q4", "--calibrate-tokens", "63"], 64,
                "--calibrate-tokens"
            ),
            (
                [
                    "quantize", "--model", "TINY", "--out", "x", "--weights", "q4", "--calibrate-tokens",
                    "999999999999999",
                ],
                64, "memory"
            ),
            (
                ["quantize", "--model", "TINY", "--out", "x", "--weights", "q4", "--no-calibrate", "--calibrate", "y"],
                64,
                "--no-calibrate"
            ),
            (["quantize", "--model", "TINY", "--out", "x", "--weights", "q4", "--calibrate", "y"], 66, "y"),
            (["quantize", "--model", "TINY", "--out", "x", "--weights", "q4", "--calibrate", "TINY"], 65, "tiny"),
            (
                [
                    "quantize", "--model", "TINY", "--out", "x", "--weights", "q4", "--calibrate", "y",
                    "--calibrate-tokens", "63",
                ], 64, "--calibrate-tokens"
            ),
            (["bench", "--model", "no-such-folder"], 66, "no-such-folder"),
            (["bench", "--model", "TINY", "--weights", "f32,f64"], 64, "--weights"),
            (["bench", "--model", "TINY", "--weights", "f32,"], 64, "--weights"),
            (["bench", "--model", "TINY", "--threads", "0"], 64, "--threads"),
            (["bench", "--model", "TINY", "--prompt-lengths", "16,0"], 64, "--prompt-lengths"),
            (["bench", "--model", "TINY", "--prompt-lengths", "33"], 64, "prompt-lengths"),
            (["bench", "--model", "TINY", "--depths=-1"], 64, "--depths"),
            (["bench", "--model", "TINY", "--depths", "32"], 64, "depths"),
            (["bench", "--model", "TINY", "--depths", "99999999999999999999"], 64, "--depths"),
            (["bench", "--model", "TINY", "--batches", "0"], 64, "--batches"),
            (["bench", "--model", "TINY", "--batches", "1000000000"], 64, "--batches"),
            (["bench", "--model", "TINY", "--batches", "1,x"], 64, "--batches"),
            (["bench", "--model", "TINY", "--tokens", "0"], 64, "--tokens"),
            (["bench", "--model", "TINY", "--tokens", "32"], 64, "tokens"),
            (["bench", "--model", "TINY", "--repetitions", "0"], 64, "--repetitions"),
            (["train", "--text", "x"], 64, "--out"),
            (["tokenizer", "train"], 64, "--text"),
            (["tokenizer", "train", "--text", "--vocab-size", "300", "--out", "x"], 64, "--text"),
            (["tokenizer", "train", "--text", "x", "--out", "x"], 64, "--vocab-size"),
            (["tokenizer", "train", "--text", "x", "--vocab-size", "256", "--out", "x"], 64, "--vocab-size"),
            (["tokenizer", "train", "--text", "x", "--vocab-size", "300"], 64, "--out"),
            (
                ["tokenizer", "train", "--text", "x", "--vocab-size", "300", "--out", "x", "--threads", "0"], 64,
                "--threads"
            ),
            (
                ["tokenizer", "train", "--text", "no-such-file", "--vocab-size", "300", "--out", "x"], 66,
                "no-such-file"
            ),
            (["tokenizer", "train", "--text", "TINY", "--vocab-size", "300", "--out", "x"], 65, "tiny"),
            (
                ["tokenizer", "train", "--text", "TINY/config.json", "--vocab-size", "300", "--out", "TINY"], 64,
                "--out"
            ),
            (
                [
                    "tokenizer", "train", "--text", "TINY/config.json", "--vocab-size", "300", "--out",
                    "TINY/config.json/x",
                ],
                66, "config.json"
            ),
            (["no-such-command"], 64, "no-such-command"),
        ] as [([String], Int32, String)])
    func isOneClearError(_ arguments: [String], _ status: Int32, _ named: String) async throws {
        let arguments = arguments.map { $0.replacingOccurrences(of: "TINY", with: Fixture.tiny) }
        let run = try await Command.run(arguments)
        #expect(run.status == status)
        #expect(run.output.isEmpty)
        let lines = run.messages.split(separator: "\n")
        #expect(lines.first?.hasPrefix("Error: ") == true, "\(run.messages)")
        #expect(lines.first?.contains(named) == true, "\(run.messages)")
        #expect(lines.filter { $0.hasPrefix("Error: ") }.count == 1)
    }

    @Test func promptLongerThanTheContextIsBadData() async throws {
        let input = Array(String(repeating: "x ", count: 40).utf8)
        let run = try await Command.run(["generate", "-", "--model", Fixture.tiny], input: input)
        #expect(run.status == 65)
        #expect(run.messages.contains("32"))
    }

    @Test func textNeedsATokenizer() async throws {
        let folder = try Fixture.tiny(without: "tokenizer.json")
        for command in ["generate", "inspect", "tokenize"] {
            let run = try await Command.run([command, "a", "--model", folder.path])
            #expect([64, 66].contains(run.status), "\(command): \(run.messages)")
            #expect(run.messages.contains("tokenizer"))
        }
    }

    /// A token that begins texts is none that ends them.
    @Test(arguments: ["299", "null"]) func emptyPromptNeedsAnEndOfTextToken(begin: String) async throws {
        let folder = try Fixture.tiny(without: "tokenizer.json", "generation_config.json")
        let path = "\(folder.path)/config.json"
        let config = try String(contentsOfFile: path, encoding: .utf8)
            .replacingOccurrences(of: "\"bos_token_id\": 299", with: "\"bos_token_id\": \(begin)")
            .replacingOccurrences(of: "\"eos_token_id\": 299", with: "\"eos_token_id\": null")
        try folder.write("config.json", Array(config.utf8))
        let run = try await Command.run(["generate", "--token-ids", "", "--model", folder.path])
        #expect(run.status == 64)
        #expect(run.messages.contains("end-of-text"))
    }

    @Test func weightsThatAreNotNumbersGiveAWarning() async throws {
        let folder = try Fixture.tiny(changing: "model.safetensors") { data in
            // The file ends with weights, as float32.
            data.replaceSubrange(data.count - 4..<data.count, with: [0, 0, 0xC0, 0x7F])
        }
        let info = try await Command.run(["info", "--model", folder.path])
        #expect(info.status == 0)
        #expect(info.messages.hasPrefix("warning: "))
        let run = try await Command.run(["generate", "a", "--model", folder.path])
        #expect(run.status == 0 || run.status == 65)
        #expect(run.messages.hasPrefix("warning: "))
    }

    @Test func truncatedWeightsAreBadData() async throws {
        let folder = try Fixture.tiny(changing: "model.safetensors") { $0.removeLast(100) }
        let run = try await Command.run(["generate", "a", "--model", folder.path])
        #expect(run.status == 65)
        #expect(run.messages.contains("model.safetensors"))
    }
}
