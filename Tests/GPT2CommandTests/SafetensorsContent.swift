import Foundation

/// The float32 tensors of a .safetensors file, read by its format's description.
struct SafetensorsContent {
    struct Entry: Decodable {
        let shape: [Int]
        let dataOffsets: [Int]
    }

    private(set) var tensors: [String: (shape: [Int], values: [Float])] = [:]

    init(_ path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let header = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any] ?? [:]
        for (name, entry) in header where name != "__metadata__" {
            let entry = try decoder.decode(Entry.self, from: JSONSerialization.data(withJSONObject: entry))
            let bytes = data[8 + length + entry.dataOffsets[0]..<8 + length + entry.dataOffsets[1]]
            let values = bytes.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
            }
            // transformers writes the names below "transformer.".
            let short = name.hasPrefix("transformer.") ? String(name.dropFirst("transformer.".count)) : name
            tensors[short] = (entry.shape, values)
        }
    }
}
