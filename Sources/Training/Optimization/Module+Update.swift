internal import Layers
internal import Tensors

extension Module {
    /// Takes the gradients of parameters out of `gradients`, and has `update` change the parameters with them.
    ///
    /// What several paths share is changed once, under the first of them, and they go on sharing it.
    ///
    /// - Parameter isWanted: which parameters to change; those that are not keep their gradients.
    mutating func update(
        with gradients: Gradients, where isWanted: (_ path: String, _ parameter: Tensor) -> Bool = { _, _ in true },
        _ update: (_ path: String, _ parameter: inout Tensor, _ gradient: Tensor) -> Void
    ) {
        let shared = sharedMemory
        var changed: [ObjectIdentifier: Tensor] = [:]
        updateParameters { path, parameter in
            let memory = parameter.memory
            if let tensor = changed[memory] {
                let same = tensor.reshaped(parameter.shape)
                parameter = parameter.isParameter ? same.asParameter : same.asConstant
                return
            }
            if isWanted(path, parameter), let gradient = gradients.take(parameter) {
                update(path, &parameter, gradient)
            }
            // Held only where it is shared: what has one owner is changed in place.
            if shared.contains(memory) { changed[memory] = parameter }
        }
    }

    /// The memory of parameters that stand under several paths.
    private var sharedMemory: Set<ObjectIdentifier> {
        var (seen, shared): (Set<ObjectIdentifier>, Set<ObjectIdentifier>) = ([], [])
        for (_, parameter) in parameters where !seen.insert(parameter.memory).inserted {
            shared.insert(parameter.memory)
        }
        return shared
    }
}
