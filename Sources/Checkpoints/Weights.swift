public import Files
public import Tensors

/// All tensors of a checkpoint, in one file or many, found by name with or without the `transformer.` prefix.
public struct Weights: Sendable {
    /// The file, or the folder of several; errors name it.
    public let place: String
    /// By name without prefix; the tensor keeps the name that its file gives it.
    private let tensorsByKey: [JSONString: WeightTensor]
    /// The names as the files spell them, in their order.
    public let names: [String]

    private static let prefix = "transformer."
    private static let advice = "Check that config.json and the weights belong together, or download the model again"

    /// - Throws: ``InputError`` if a name occurs twice, in two files or with and without prefix.
    package init(_ files: [SafetensorsFile], place: String) throws(InputError) {
        var tensors: [JSONString: WeightTensor] = [:]
        var names: [String] = []
        for file in files {
            for entry in file.tensors {
                if let other = tensors.updateValue(WeightTensor(entry, in: file), forKey: Self.key(entry.name)) {
                    throw InputError(
                        .data,
                        "tensor \(entry.name.quoted) is there twice: the other is \(other.name.quoted) in \(other.place)",
                        in: file.place, advice: "Remove one of the two")
                }
                names.append(entry.name)
            }
        }
        self.place = place
        tensorsByKey = tensors
        self.names = names
    }

    /// A checkpoint of one safetensors file that is in memory already and stays there until the process ends.
    package init(bytes: UnsafeRawBufferPointer, place: String) throws(InputError) {
        try self.init([SafetensorsFile(bytes: bytes, place: place)], place: place)
    }

    /// The tensor of that name, whatever its shape and type.
    public subscript(name: String) -> WeightTensor? { tensorsByKey[Self.key(name)] }

    public func contains(_ name: String) -> Bool { self[name] != nil }

    /// The tensor of that name and shape.
    ///
    /// - Throws: ``InputError`` if it is absent, has another shape, or elements other than F32, F16 and BF16.
    public func tensor(_ name: String, shape: [Int]) throws(InputError) -> WeightTensor {
        try tensors([ExpectedTensor(name, shape: shape)])[0]
    }

    /// The tensors of those names and shapes, in that order.
    ///
    /// - Throws: one ``InputError`` that names all that are absent, misshapen or of another type.
    public func tensors(_ expected: [ExpectedTensor]) throws(InputError) -> [WeightTensor] {
        var found: [WeightTensor] = []
        var missing: [String] = []
        var misshapen: [String] = []
        /// By what they should be.
        var unreadable: [Set<DType>: [String]] = [:]
        for expectation in expected {
            guard let tensor = self[expectation.name] else {
                missing.append("\(expectation.name) \(expectation.shape)")
                continue
            }
            found.append(tensor)
            if tensor.shape != expectation.shape {
                misshapen.append("\(tensor.name) is \(tensor.shape) and should be \(expectation.shape)")
            }
            if !expectation.types.contains(tensor.dtype) {
                unreadable[expectation.types, default: []].append("\(tensor.name) is \(tensor.dtype.rawValue)")
            }
        }
        var problems: [String] = []
        if !missing.isEmpty { problems.append("\(tensors: missing.count) missing: \(missing.listed)") }
        if !misshapen.isEmpty { problems.append("\(tensors: misshapen.count) misshapen: \(misshapen.listed)") }
        let refusals = unreadable.map { types, names in
            "\(tensors: names.count) not \(types.map(\.rawValue).sorted().joined(separator: " or ")): \(names.listed)"
        }
        problems += refusals.sorted()
        guard problems.isEmpty else {
            throw InputError(.data, problems.joined(separator: "; "), in: place, advice: Self.advice)
        }
        return found
    }

    /// The names of tensors that nobody expected. The causal masks that older checkpoints carry do not count.
    public func unused(expecting expected: [ExpectedTensor]) -> [String] {
        let keys = Set(expected.map { Self.key($0.name) })
        return names.filter { !keys.contains(Self.key($0)) && !Self.isCausalMask($0) }
    }

    private static func key(_ name: String) -> JSONString {
        JSONString(name.utf8.starts(with: prefix.utf8) ? String(name.utf8.dropFirst(prefix.utf8.count)) ?? name : name)
    }

    /// `h.N.attn.bias` and `h.N.attn.masked_bias`: buffers, not parameters. A test by suffix would take `attn.c_attn.bias`.
    private static func isCausalMask(_ name: String) -> Bool {
        let parts = key(name).description.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "h" && Int(parts[1]) != nil && parts[2] == "attn"
            && ["bias", "masked_bias"].contains(parts[3])
    }
}

/// What a model needs a checkpoint to hold under a name.
public struct ExpectedTensor: Sendable, Equatable {
    public let name: String
    public let shape: [Int]
    /// What its elements may be.
    public let types: Set<DType>

    /// - Parameter types: floats of any size, unless it says otherwise.
    public init(_ name: String, shape: [Int], types: Set<DType> = [.f32, .f16, .bf16]) {
        self.name = name
        self.shape = shape
        self.types = types
    }
}
