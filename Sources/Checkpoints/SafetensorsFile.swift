public import Files

/// A safetensors file, mapped into memory: the header is read and checked, the data is loaded when it is touched.
public final class SafetensorsFile: Sendable {
    /// The path, or what stands for it if the bytes come from elsewhere; errors name it.
    public let place: String
    /// The tensors in the order in which they lie in the file.
    public let tensors: [TensorEntry]
    /// The texts under `__metadata__`.
    public let metadata: [String: String]
    /// Keyed on bytes: two names that String takes for equal are different tensors.
    private let index: [JSONString: Int]
    private let mapping: MappedFile?
    /// Safe to share: nothing writes these bytes. They live as long as `mapping`, or for ever.
    private nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    /// - Throws: ``InputError`` of kind `missing` if the file cannot be read, `data` if it is not a whole safetensors file.
    public convenience init(path: String) throws(InputError) {
        let mapping = try MappedFile(path: path)
        try self.init(mapping.bytes, mapping: mapping, place: path)
    }

    /// Reads a file that is in memory already.
    ///
    /// - Parameters:
    ///   - bytes: must stay valid and unchanged until the process ends.
    ///   - place: what errors call it.
    package convenience init(bytes: UnsafeRawBufferPointer, place: String) throws(InputError) {
        try self.init(bytes, mapping: nil, place: place)
    }

    private init(_ bytes: UnsafeRawBufferPointer, mapping: MappedFile?, place: String) throws(InputError) {
        let header = try SafetensorsHeader(bytes, in: place)
        self.place = place
        self.bytes = bytes
        self.mapping = mapping
        tensors = header.tensors
        metadata = header.metadata
        let names = header.tensors.map { JSONString($0.name) }
        // The header's JSON has no key twice, so neither do the names.
        index = Dictionary(zip(names, header.tensors.indices), uniquingKeysWith: { first, _ in first })
    }

    /// The tensor of that name, compared byte by byte.
    package subscript(name: JSONString) -> WeightTensor? {
        index[name].map { WeightTensor(tensors[$0], in: self) }
    }

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    func release(_ range: Range<Int>) {
        mapping?.release(range)
    }
}
