package import Foundation

/// A Hugging Face model directory of a reference case's weights, without tokenizer files.
package enum CounterCheckpoint {
    /// Writes the directory, hands its path to `body` and removes it. A model that `body` returns stays valid: it has
    /// the files mapped.
    package static func with<Result>(_ reference: ReferenceCase, _ body: (String) throws -> Result) throws -> Result {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        try write(reference, to: URL(fileURLWithPath: folder.path))
        return try body(folder.path)
    }

    package static func write(_ reference: ReferenceCase, to directory: URL) throws {
        let whole = try JSONSerialization.jsonObject(with: reference.text) as? [String: Any]
        var config = whole?["config"] as? [String: Any] ?? [:]
        config["model_type"] = "gpt2"
        try JSONSerialization.data(withJSONObject: config).write(to: directory.appendingPathComponent("config.json"))

        let file = directory.appendingPathComponent("model.safetensors")
        try header(of: reference.tensors).write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try handle.seekToEnd()
        for (name, shape) in reference.tensors {
            try handle.write(contentsOf: bytes(of: name, count: shape.reduce(1, *), in: reference))
        }
    }

    private static func header(of tensors: [(name: String, shape: [Int])]) -> Data {
        var offset = 0
        let entries = tensors.map { name, shape in
            let end = offset + 4 * shape.reduce(1, *)
            defer { offset = end }
            return #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(offset),\#(end)]}"#
        }
        let text = "{" + entries.joined(separator: ",") + "}"
        let padded = text + String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(padded.utf8.count).littleEndian) { Data($0) } + Data(padded.utf8)
    }

    private static func bytes(of name: String, count: Int, in reference: ReferenceCase) -> Data {
        var data = Data(count: 4 * count)
        data.withUnsafeMutableBytes { bytes in
            let values = bytes.bindMemory(to: Float.self)
            CounterWeights.fill(values, name: name, seed: reference.seed, rule: reference.rule(for: name))
        }
        return data
    }
}
