internal import Checkpoints
public import Files
internal import Runtime
public import Tensors
public import Tokenizers

extension PromptCacheFile {
    /// Writes the keys and values of a prompt. The file is replaced as a whole or not at all.
    ///
    /// - Parameters:
    ///   - tokens: the prompt, at least one token.
    ///   - cache: of `model`, with the prompt's tokens at its first positions.
    ///   - path: must be absent, empty, or a prompt cache of this model: what else is there is never replaced.
    /// - Throws: ``InputError`` of kind `data` if something else is there or keys and values are not numbers, `missing` if the
    ///   file cannot be written; what was there then stays.
    public static func write(
        _ tokens: [TokenID], _ cache: KVCache, of model: GPT2Model, to path: String
    ) throws(InputError) {
        precondition(1...max(cache.count, 1) ~= tokens.count, "\(tokens.count) tokens of \(cache.count) positions")
        if try isThere(path) { _ = try PromptCacheFile(path: path, for: model) }
        let tokens = tokens.map { Int32(truncatingIfNeeded: $0) }
        let checksums = try checksums(tokens, cache, for: path)
        let shape = [tokens.count, cache.layers, cache.heads, cache.headSize]
        let origin = model.origin.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        try SafetensorsWriter.write(
            [
                tensor("checksums", .u64, [checksums.count / 3, 3], checksums),
                tensor("tokens", .i32, [tokens.count], tokens),
                tensor("keys", shape, of: cache) { cache.copyKeys($0, to: $1) },
                tensor("values", shape, of: cache) { cache.copyValues($0, to: $1) },
            ], metadata: [("format", format), ("version", version)] + origin, to: path)
    }

    /// Whether there is a file that holds something. An empty one, as mktemp makes it, is room for a new one.
    static func isThere(_ path: String) throws(InputError) -> Bool {
        if PathKind(path) == .absent { return false }
        return try MappedFile(path: path).count > 0
    }

    /// Of the tokens, the keys and the values of each page.
    private static func checksums(
        _ tokens: [Int32], _ cache: KVCache, for path: String
    ) throws(InputError) -> [UInt64] {
        var checksums: [UInt64] = []
        var areFinite = true
        forEachPage(tokens.count, of: cache) { positions, floats in
            guard let start = floats.baseAddress else { return }
            checksums.append(tokens[positions].withUnsafeBytes(XXHash64.hash))
            for copy in [cache.copyKeys, cache.copyValues] {
                copy(positions, start)
                let bytes = UnsafeRawBufferPointer(floats)
                areFinite = areFinite && bytes.floatsAreFinite
                checksums.append(XXHash64.hash(bytes))
            }
        }
        if areFinite { return checksums }
        throw InputError(
            .data, "the prompt is not saved: the model gives it keys or values that are infinite or not numbers",
            in: path, advice: "Check the model's weights")
    }

    private static func tensor<Element>(
        _ name: String, _ dtype: DType, _ shape: [Int], _ elements: [Element]
    ) -> SafetensorsWriter.Tensor {
        SafetensorsWriter.Tensor(name, dtype, shape: shape) { writer throws(InputError) in
            try elements.withUnsafeBufferPointer { elements throws(InputError) in
                try writer.write(UnsafeRawBufferPointer(elements))
            }
        }
    }

    private static func tensor(
        _ name: String, _ shape: [Int], of cache: KVCache,
        _ copy: @escaping (Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) -> SafetensorsWriter.Tensor {
        SafetensorsWriter.Tensor(name, .f32, shape: shape) { writer throws(InputError) in
            try forEachPage(shape[0], of: cache) { positions, floats throws(InputError) in
                guard let start = floats.baseAddress else { return }
                copy(positions, start)
                try writer.write(UnsafeRawBufferPointer(floats))
            }
        }
    }

    /// Calls `body` with the positions of one page after the other and room for their keys or values, so that no second copy
    /// of all of them is made.
    private static func forEachPage<Failure: Error>(
        _ count: Int, of cache: KVCache,
        _ body: (Range<Int>, UnsafeMutableBufferPointer<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: KVCache.pageLength * cache.positionCount)
        defer { room.deallocate() }
        for page in 0..<KVCache.pages(for: count) {
            let positions = page * KVCache.pageLength..<min((page + 1) * KVCache.pageLength, count)
            try body(positions, UnsafeMutableBufferPointer(rebasing: room[..<(positions.count * cache.positionCount)]))
        }
    }
}
