internal import Checkpoints
public import Files
public import Tensors

extension Module {
    /// Replaces all parameters by tensors of the same paths and shapes.
    ///
    /// Paths that share a parameter go on sharing it where they get the same numbers, and only there.
    ///
    /// - Parameter place: where the tensors come from, for the error.
    /// - Throws: one ``InputError`` that counts and names those that are missing, that nobody asked for, or that have
    ///   another shape; nothing is replaced then.
    public mutating func load(_ tensors: [String: Tensor], from place: String? = nil) throws(InputError) {
        var comparison = ParameterComparison()
        for (path, parameter) in parameters {
            comparison.compare(path, parameter, shape: tensors[path].map { $0.shape.sizesByAxis })
        }
        try comparison.finish(names: tensors.keys.sorted(), packed: weights(in: .packed), place: place)
        replaceParameters(by: tensors)
    }

    /// Replaces all parameters by those of a safetensors file (F32, F16 or BF16), as ``save(to:)`` or Python's
    /// `safetensors.torch.save_file(module.state_dict(), ...)` writes it.
    ///
    /// Paths that share a parameter go on sharing it where the file has the same numbers for them.
    ///
    /// - Throws: ``InputError`` of kind `missing` if the file cannot be read; of kind `data`, with what is missing, unknown
    ///   or misshapen, if it does not fit. Nothing is replaced then.
    public mutating func load(contentsOf path: String) throws(InputError) {
        let file = try SafetensorsFile(path: path)
        var comparison = ParameterComparison()
        for (name, parameter) in parameters {
            let entry = file[JSONString(name)]?.entry
            comparison.compare(name, parameter, shape: entry?.shape, dtype: entry?.dtype ?? .f32)
        }
        try comparison.finish(names: file.tensors.map(\.name), packed: weights(in: .packed), place: path)
        var tensors: [String: Tensor] = [:]
        for (name, _) in parameters {
            if let entry = file[JSONString(name)] { tensors[name] = try Tensor(entry) }
        }
        replaceParameters(by: tensors)
    }

    private mutating func replaceParameters(by tensors: [String: Tensor]) {
        // What has come in place of each of the parameters so far, and where that lies.
        var replacements: [ObjectIdentifier: Tensor] = [:]
        var used: Set<ObjectIdentifier> = []
        updateParameters { path, parameter in
            guard var tensor = tensors[path] else { return }
            if let other = replacements[parameter.memory], other.values == tensor.values {
                tensor = other.reshaped(tensor.shape)
            } else {
                // The same tensor at two paths that are two parameters must not tie them.
                if !used.insert(tensor.memory).inserted { tensor = tensor.detached }
                replacements[parameter.memory] = tensor
            }
            parameter = parameter.isParameter ? tensor.asParameter : tensor.asConstant
        }
    }

    /// Writes all parameters to a safetensors file, in 32 bits and under their paths: what ``load(contentsOf:)`` reads, and
    /// PyTorch's `load_state_dict(safetensors.torch.load_file(...))`.
    ///
    /// - Throws: ``InputError`` if the file cannot be written, the old one is then untouched; or if weights are packed.
    public func save(to path: String) throws(InputError) {
        if let packed = weights(in: .packed).first {
            throw InputError(
                .usage, "\(packed) is packed for inference, which its stored form cannot be had back from", in: path,
                advice: "Save the module that it was packed from")
        }
        let parameters = parameters
        defer { withExtendedLifetime(parameters) {} }
        let tensors = parameters.map { name, tensor in
            SafetensorsWriter.Tensor(
                name, .f32, shape: tensor.shape.sizesByAxis,
                bytes: UnsafeRawBufferPointer(start: tensor.floats, count: tensor.shape.count * 4))
        }
        try SafetensorsWriter.write(tensors, to: path)
    }
}

/// What does not fit between a module's parameters and the tensors that it is to load.
private struct ParameterComparison {
    private var expected: Set<JSONString> = []
    private var missing: [String] = []
    private var misshapen: [String] = []
    private var unreadable: [String] = []

    /// - Parameter shape: the tensor's that was found for a path; nil if there is none.
    mutating func compare(_ path: String, _ parameter: Tensor, shape: [Int]?, dtype: DType = .f32) {
        expected.insert(JSONString(path))
        guard let shape else { return missing.append("\(path) \(parameter.shape)") }
        if shape != parameter.shape.sizesByAxis {
            misshapen.append("\(path) is \(shape) and should be \(parameter.shape)")
        }
        if ![.f32, .f16, .bf16].contains(dtype) { unreadable.append("\(path) is \(dtype.rawValue)") }
    }

    /// - Parameter names: all tensors that there are.
    /// - Throws: ``InputError`` if something does not fit.
    func finish(names: [String], packed: [String], place: String?) throws(InputError) {
        if !packed.isEmpty {
            throw InputError(
                .usage, "\(packed.listed) cannot be replaced: the module's weights are packed for inference", in: place,
                advice: "Load the module before packing it")
        }
        let extra = names.filter { !expected.contains(JSONString($0)) }
        var problems: [String] = []
        if !missing.isEmpty { problems.append("\(missing.count) missing: \(missing.listed)") }
        if !misshapen.isEmpty { problems.append("\(misshapen.count) misshapen: \(misshapen.listed)") }
        if !unreadable.isEmpty {
            problems.append("\(unreadable.count) neither F32 nor F16 nor BF16: \(unreadable.listed)")
        }
        if !extra.isEmpty { problems.append("\(extra.count) that the module does not have: \(extra.listed)") }
        guard problems.isEmpty else {
            throw InputError(
                .data, "the parameters do not fit the module: \(problems.joined(separator: "; "))", in: place,
                advice: "Load the parameters of a module that is built in the same way")
        }
    }
}
