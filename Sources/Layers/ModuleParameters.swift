public import Files
public import Tensors

extension Module {
    /// Replaces all parameters by tensors of the same paths and shapes.
    ///
    /// - Throws: one ``InputError`` that names all that are missing, that nobody asked for, or that have another shape;
    ///   nothing is replaced then.
    public mutating func load(_ tensors: [String: Tensor], from place: String? = nil) throws(InputError) {
        var missing: [String] = []
        var misshapen: [String] = []
        var extra = Set(tensors.keys)
        for (path, parameter) in parameters {
            extra.remove(path)
            guard let tensor = tensors[path] else {
                missing.append("\(path) \(parameter.shape)")
                continue
            }
            if tensor.shape != parameter.shape {
                misshapen.append("\(path) is \(tensor.shape) and should be \(parameter.shape)")
            }
        }
        var problems: [String] = []
        if !missing.isEmpty { problems.append("\(missing.count) missing: \(missing.listed)") }
        if !misshapen.isEmpty { problems.append("\(misshapen.count) misshapen: \(misshapen.listed)") }
        if !extra.isEmpty { problems.append("\(extra.count) that the module does not have: \(extra.sorted().listed)") }
        guard problems.isEmpty else {
            throw InputError(
                .data, "the parameters do not fit the module: \(problems.joined(separator: "; "))", in: place,
                advice: "Load the parameters of a module that is built in the same way")
        }
        updateParameters { path, parameter in
            guard let tensor = tensors[path] else { return }
            parameter = parameter.isParameter ? tensor.asParameter : tensor.asConstant
        }
    }
}
