import Checkpoints
import Files
import Foundation
import Runtime
import Tensors

/// A prompt cache's content by its description in docs/prompt-cache.md, to be written with something wrong in it.
struct PromptCacheContent {
    var metadata: [String: String]
    var tokens: [Int32]
    var keys: [Float]
    var values: [Float]
    /// Layers, heads and head size.
    var shape: [Int]
    var tokenType = DType.i32
    var extra = false
    var checksums: [UInt64]?

    init(_ path: String) throws {
        let file = try SafetensorsFile(path: path)
        metadata = file.metadata
        func elements<Element>(_ name: String, as type: Element.Type) -> [Element] {
            guard let bytes = file[JSONString(name)]?.bytes else { return [] }
            return stride(from: 0, to: bytes.count, by: MemoryLayout<Element>.size).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: type)
            }
        }
        tokens = elements("tokens", as: Int32.self)
        keys = elements("keys", as: Float.self)
        values = elements("values", as: Float.self)
        checksums = elements("checksums", as: UInt64.self)
        shape = Array((file[JSONString("keys")]?.shape ?? []).dropFirst())
    }

    /// What the checksums should be.
    var correctChecksums: [UInt64] {
        func part<Element>(_ elements: [Element], _ page: Int) -> UInt64 {
            let size = elements.count / max(tokens.count, 1)
            let range = page * 64 * size..<min((page + 1) * 64, tokens.count) * size
            return Array(elements[range]).withUnsafeBytes(XXHash64.hash)
        }
        return (0..<(tokens.count + 63) / 64).flatMap { [part(tokens, $0), part(keys, $0), part(values, $0)] }
    }

    func write(to path: String) throws {
        func tensor<Element>(
            _ name: String, _ dtype: DType, _ shape: [Int], _ elements: [Element]
        ) -> SafetensorsWriter.Tensor {
            SafetensorsWriter.Tensor(name, dtype, shape: shape) { writer throws(InputError) in
                try elements.withUnsafeBufferPointer { elements throws(InputError) in
                    try writer.write(UnsafeRawBufferPointer(elements))
                }
            }
        }
        let checksums = checksums ?? correctChecksums
        var tensors = [
            tensor("tokens", tokenType, [tokens.count], tokens),
            tensor("keys", .f32, [tokens.count] + shape, keys),
            tensor("values", .f32, [tokens.count] + shape, values),
            tensor("checksums", .u64, [checksums.count / 3, 3], checksums),
        ]
        if extra { tensors.append(tensor("more", .u8, [1], [UInt8(0)])) }
        try SafetensorsWriter.write(tensors, metadata: metadata.map { ($0.key, $0.value) }, to: path)
    }
}
