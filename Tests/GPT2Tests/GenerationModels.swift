import Files
import Foundation
import GPT2
import TestSupport

/// Models with which generation is tested.
enum GenerationModels {
    /// A small model of `Fixtures/small`, without a tokenizer, perhaps with another configuration.
    static func reference(_ name: String, changing keys: [String: Any] = [:]) throws -> GPT2Model {
        try CounterCheckpoint.with(Fixtures.reference("small/\(name)")) { path in
            let config = URL(fileURLWithPath: path).appendingPathComponent("config.json")
            var object = try JSONSerialization.jsonObject(with: Data(contentsOf: config)) as? [String: Any] ?? [:]
            object.merge(keys) { $1 }
            try JSONSerialization.data(withJSONObject: object).write(to: config)
            return try GPT2Model(directory: path)
        }
    }

    /// The token of `<|endoftext|>` in a scripted model.
    static let endOfText = 258
    /// Of `th` and `the`; the tokens below 256 are bytes.
    static let th = 256
    static let the = 257

    /// A model that says what it is told to: after position p comes `script[p]`, whatever the tokens are.
    ///
    /// Its blocks do nothing. A position's vector is random signs; the head's row of a token is the sum of the vectors of
    /// the positions after which it comes, so that this token's logit stands far above the others.
    static func scripted(_ script: [Int], hasEndOfText: Bool = true, damage: Float? = nil) throws -> GPT2Model {
        let folder = try TemporaryFolder()
        let vocabulary = endOfText + 1
        let channels = 512
        let inner = 4
        var generator = SplitMix(state: 5)
        let positions = script.map { _ in (0..<channels).map { _ in generator.next() % 2 == 0 ? Float(1) : -1 } }
        var head = [Float](repeating: 0, count: vocabulary * channels)
        for (position, token) in script.enumerated() {
            for channel in 0..<channels { head[token * channels + channel] += positions[position][channel] }
        }
        if let damage { head[3] = damage }
        func zeros(_ name: String, _ shape: [Int]) -> (String, [Int], [Float]) {
            (name, shape, [Float](repeating: 0, count: shape.reduce(1, *)))
        }
        func norm(_ name: String) -> [(String, [Int], [Float])] {
            [
                ("\(name).weight", [channels], [Float](repeating: 1, count: channels)),
                zeros("\(name).bias", [channels]),
            ]
        }
        var tensors = [
            zeros("wte.weight", [vocabulary, channels]),
            ("wpe.weight", [script.count, channels], positions.flatMap { $0 }),
            zeros("h.0.attn.c_attn.weight", [channels, 3 * channels]),
            zeros("h.0.attn.c_attn.bias", [3 * channels]),
            zeros("h.0.attn.c_proj.weight", [channels, channels]), zeros("h.0.attn.c_proj.bias", [channels]),
            zeros("h.0.mlp.c_fc.weight", [channels, inner]), zeros("h.0.mlp.c_fc.bias", [inner]),
            zeros("h.0.mlp.c_proj.weight", [inner, channels]), zeros("h.0.mlp.c_proj.bias", [channels]),
            ("lm_head.weight", [vocabulary, channels], head),
        ]
        tensors += norm("h.0.ln_1") + norm("h.0.ln_2") + norm("ln_f")
        try folder.write("model.safetensors", safetensors(tensors))
        let config: [String: Any] = [
            "model_type": "gpt2", "vocab_size": vocabulary, "n_positions": script.count, "n_embd": channels,
            "n_layer": 1, "n_head": 2, "n_inner": inner, "tie_word_embeddings": false,
            "bos_token_id": NSNull(), "eos_token_id": hasEndOfText ? endOfText : NSNull(),
        ]
        try folder.write("config.json", JSONSerialization.data(withJSONObject: config))
        try writeTokenizer(to: folder.path, hasEndOfText: hasEndOfText)
        return try GPT2Model(directory: folder.path)
    }

    static func writeTokenizer(to folder: String, hasEndOfText: Bool) throws {
        var vocabulary = byteSymbols.enumerated().reduce(into: [String: Int]()) { $0[$1.element] = $1.offset }
        vocabulary["th"] = th
        vocabulary["the"] = the
        if hasEndOfText { vocabulary["<|endoftext|>"] = endOfText }
        let folder = URL(fileURLWithPath: folder)
        try JSONSerialization.data(withJSONObject: vocabulary).write(to: folder.appendingPathComponent("vocab.json"))
        try Data("#version: 0.2\nt h\nth e\n".utf8).write(to: folder.appendingPathComponent("merges.txt"))
    }

    /// How vocab.json writes each byte: GPT-2's `bytes_to_unicode`.
    private static let byteSymbols: [String] = {
        var next: UInt32 = 256
        return (UInt32(0)..<256).map { byte in
            let isPrintable = 33...126 ~= byte || 161...172 ~= byte || 174...255 ~= byte
            defer { if !isPrintable { next += 1 } }
            return Unicode.Scalar(isPrintable ? byte : next).map { String(Character($0)) } ?? ""
        }
    }()

    private static func safetensors(_ tensors: [(name: String, shape: [Int], values: [Float])]) throws -> Data {
        var header: [String: Any] = [:]
        var data = Data()
        for tensor in tensors {
            let start = data.count
            tensor.values.withUnsafeBytes { data.append(contentsOf: $0) }
            header[tensor.name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [start, data.count]]
        }
        var json = try JSONSerialization.data(withJSONObject: header)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
        return length + json + data
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
    }
}

extension String {
    /// The tokens of a scripted model that spell this text, a byte each.
    var byteTokens: [Int] { utf8.map(Int.init) }
}
