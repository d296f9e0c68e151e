package import Checkpoints
public import Files
internal import Runtime
public import Tensors
public import Tokenizers

/// The keys and values of a prompt in a file, for a later start of the same model.
///
/// They are the floats that attention met, bit for bit, so a text that goes on from them is the same text. The file is a
/// safetensors file; docs/prompt-cache.md says what is in it. It is mapped: what nobody asks for is not read.
public final class PromptCacheFile: Sendable {
    public let path: String
    /// The prompt.
    public let tokens: [TokenID]
    /// F32 [n, layers, heads, head size].
    private let keys: WeightTensor
    /// F32 [n, layers, heads, head size].
    private let values: WeightTensor
    /// U64 [pages, 3]: XXH64 of the bytes of tokens, keys and values of each page of a cache.
    private let checksums: WeightTensor
    private let tokenBytes: WeightTensor

    static let format = "gpt2 prompt cache"
    static let version = "1"
    private static let advice = "Name another file, or delete this one if it was a prompt cache"

    /// Opens a file that ``write(_:_:of:to:)`` made.
    ///
    /// - Throws: ``InputError`` of kind `missing` if it cannot be read; of kind `data` if it is something else, is damaged, or
    ///   is of another model, or of this one with its weights in another format.
    public convenience init(path: String, for model: GPT2Model) throws(InputError) {
        let file: SafetensorsFile
        do throws(InputError) { file = try SafetensorsFile(path: path) } catch {
            if error.kind != .data { throw error }
            throw InputError(
                .data, "this is no prompt cache, or a damaged one: \(error.problem)", in: error.place,
                advice: Self.advice)
        }
        try self.init(file, for: model)
    }

    package init(_ file: SafetensorsFile, for model: GPT2Model) throws(InputError) {
        let place = file.place
        try Self.checkOrigin(file, model)
        func tensor(_ name: String, _ dtype: DType, _ shape: [Int]? = nil) throws(InputError) -> WeightTensor {
            guard let tensor = file[JSONString(name)] else {
                throw Self.damage("tensor \(name.quoted) is missing", place)
            }
            guard tensor.dtype == dtype, tensor.shape == shape ?? tensor.shape else {
                throw Self.damage(
                    "tensor \(name.quoted) is \(tensor.dtype.rawValue) \(tensor.shape) and should be "
                        + "\(dtype.rawValue) \(shape ?? [])", place)
            }
            return tensor
        }
        let configuration = model.configuration
        tokenBytes = try tensor("tokens", .i32)
        guard tokenBytes.shape.count == 1, let count = tokenBytes.shape.first,
            1...configuration.contextLength ~= count
        else {
            throw Self.damage(
                "tensor \"tokens\" has the shape \(tokenBytes.shape) and should hold 1 to \(configuration.contextLength)",
                place)
        }
        let shape = [count, configuration.layers, configuration.heads, configuration.headSize]
        keys = try tensor("keys", .f32, shape)
        values = try tensor("values", .f32, shape)
        checksums = try tensor("checksums", .u64, [KVCache.pages(for: count), 3])
        guard file.tensors.count == 4 else {
            throw Self.damage("it holds \(file.tensors.count) tensors and should hold 4", place)
        }
        let bytes = tokenBytes.bytes
        let vocabulary = configuration.vocabularySize
        tokens = (0..<count).map { Int(bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)) }
        if let token = tokens.first(where: { $0 < 0 || $0 >= vocabulary }) {
            throw Self.damage("the token \(token) is outside the model's vocabulary of \(vocabulary) tokens", place)
        }
        path = place
    }

    /// Checks that the file is a prompt cache and whose.
    private static func checkOrigin(_ file: SafetensorsFile, _ model: GPT2Model) throws(InputError) {
        let found = file.metadata
        guard found["format"] == format else {
            throw InputError(.data, "this is a safetensors file, but no prompt cache", in: file.place, advice: advice)
        }
        guard found["version"] == version else {
            throw InputError(
                .data,
                "this prompt cache is of version \((found["version"] ?? "").quoted), and only \(version) is known",
                in: file.place, advice: advice)
        }
        let expected = model.origin
        guard found["fingerprint"] == expected["fingerprint"] else {
            func name(_ origin: [String: String]) -> String {
                let (place, weights) = ((origin["model"] ?? "").quoted, (origin["weights"] ?? "").quoted)
                return "\(place), weights \(weights), fingerprint \((origin["fingerprint"] ?? "").quoted)"
            }
            throw InputError(
                .data, "this prompt cache is of \(name(found)); the model is \(name(expected))", in: file.place,
                advice: "Name another file, or delete this one")
        }
    }

    /// Fills an empty cache with the first `count` positions.
    ///
    /// - Throws: ``InputError`` of kind `data` if they are not what was written. The cache then holds nothing of use.
    public func copy(first count: Int, to cache: KVCache) throws(InputError) {
        precondition(cache.count == 0 && count <= tokens.count, "\(count) positions of \(tokens.count)")
        for page in 0..<KVCache.pages(for: count) {
            let positions = page * KVCache.pageLength..<min((page + 1) * KVCache.pageLength, tokens.count)
            let parts = [tokenBytes, keys, values].map { $0.bytes(of: positions) }
            for (index, part) in parts.enumerated() {
                let offset = (page * parts.count + index) * 8
                let checksum = checksums.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                guard XXHash64.hash(part) == checksum else {
                    throw Self.damage("a position of \(positions) does not have its checksum", path)
                }
            }
            guard parts[1].floatsAreFinite, parts[2].floatsAreFinite else {
                throw Self.damage("it holds keys or values that are infinite or not numbers", path)
            }
            guard let key = parts[1].baseAddress, let value = parts[2].baseAddress else { return }
            cache.append(min(count - positions.lowerBound, positions.count), keys: key, values: value)
            for tensor in [keys, values] { tensor.release(bytes: tensor.byteRange(of: positions)) }
        }
    }

    /// Whether a cache has the same keys and values at a position, bit for bit.
    public func isSame(as cache: KVCache, at position: Int) -> Bool {
        precondition(tokens.indices.contains(position) && position < cache.count, "position \(position)")
        let positions = position..<position + 1
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: cache.positionCount) { floats in
            guard let start = floats.baseAddress else { return true }
            cache.copyKeys(positions, to: start)
            guard UnsafeRawBufferPointer(floats).holdsSameBytes(as: keys.bytes(of: positions)) else { return false }
            cache.copyValues(positions, to: start)
            return UnsafeRawBufferPointer(floats).holdsSameBytes(as: values.bytes(of: positions))
        }
    }

    private static func damage(_ problem: String, _ place: String) -> InputError {
        InputError(.data, "the prompt cache is damaged: \(problem)", in: place, advice: "Delete it")
    }
}

extension GPT2Model {
    /// What a prompt cache's file says of the model that it belongs to.
    var origin: [String: String] {
        ["model": source.place, "weights": weightFormats, "fingerprint": String(fingerprint, radix: 16)]
    }
}

extension WeightTensor {
    fileprivate func byteRange(of positions: Range<Int>) -> Range<Int> {
        let size = bytes.count / max(shape[0], 1)
        return positions.lowerBound * size..<positions.upperBound * size
    }

    fileprivate func bytes(of positions: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[byteRange(of: positions)])
    }
}

extension UnsafeRawBufferPointer {
    /// Whether 32-bit floats are numbers, neither infinite nor NaN.
    var floatsAreFinite: Bool {
        var largest: Int32 = 0
        for index in 0..<count / 4 {
            largest = Swift.max(largest, loadUnaligned(fromByteOffset: index * 4, as: Int32.self) & 0x7FFF_FFFF)
        }
        return largest < 0x7F80_0000
    }
}
