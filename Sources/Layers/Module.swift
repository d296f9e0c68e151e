public import Tensors

/// A layer, or a network of layers: a value that holds parameters and other modules.
///
/// A module names what it holds, and gets listing, counting, loading, saving and training from that:
///
///     struct ResidualBlock: Module {
///         var first: Linear
///         var second: Linear
///
///         mutating func visit(_ visitor: inout ModuleVisitor) {
///             visitor("first", &first)
///             visitor("second", &second)
///         }
///     }
///
/// Paths are names with dots between, as in "first.weight"; elements of arrays have their index, as in "layers.0.norm1.bias".
///
/// Paths whose tensors share their memory are one parameter: tied weights, and copies of one layer. They have one gradient,
/// and optimizers keep them the same. Layers that are to differ start with weights of their own.
public protocol Module: Sendable {
    /// Shows the visitor each parameter and each module that this one holds, by name.
    mutating func visit(_ visitor: inout ModuleVisitor)
}

/// Walks through a module's parameters.
public struct ModuleVisitor: ~Copyable {
    private var path = ""
    private let body: (String, inout Tensor) -> Void
    private let form: (String, WeightForm) -> Void
    private let packed: (String, PackedMatrix) -> Void

    fileprivate init(
        _ body: @escaping (String, inout Tensor) -> Void,
        form: @escaping (String, WeightForm) -> Void = { _, _ in },
        packed: @escaping (String, PackedMatrix) -> Void = { _, _ in }
    ) {
        self.body = body
        self.form = form
        self.packed = packed
    }

    /// A parameter.
    public mutating func callAsFunction(_ name: String, _ parameter: inout Tensor) {
        body(path + name, &parameter)
    }

    /// A parameter that may be absent.
    public mutating func callAsFunction(_ name: String, _ parameter: inout Tensor?) {
        guard var tensor = parameter.take() else { return }
        body(path + name, &tensor)
        parameter = tensor
    }

    /// A weight. Packed ones are for inference only and are passed over.
    public mutating func callAsFunction(_ name: String, _ weight: inout Weight) {
        // Taken out meanwhile, so that the tensor's memory has one owner and can be changed in place.
        let taken = weight
        weight = .outputsByInputs(.empty)
        switch consume taken {
        case .packed(let matrix):
            form(path + name, .packed)
            packed(path + name, matrix)
            weight = .packed(matrix)
        case .inputsByOutputs(var tensor):
            form(path + name, .inputsByOutputs)
            body(path + name, &tensor)
            weight = .inputsByOutputs(tensor)
        case .outputsByInputs(var tensor):
            form(path + name, .outputsByInputs)
            body(path + name, &tensor)
            weight = .outputsByInputs(tensor)
        }
    }

    /// A module inside.
    public mutating func callAsFunction<M: Module>(_ name: String, _ module: inout M) {
        let outer = path
        path += name + "."
        module.visit(&self)
        path = outer
    }

    /// A module that may be absent.
    public mutating func callAsFunction<M: Module>(_ name: String, _ module: inout M?) {
        guard var inner = module.take() else { return }
        self(name, &inner)
        module = inner
    }

    /// A module whose parameters count as those of the one that holds it.
    public mutating func inPlace<M: Module>(_ module: inout M?) {
        guard var inner = module.take() else { return }
        inner.visit(&self)
        module = inner
    }

    /// Modules in a row, named by their index.
    public mutating func callAsFunction<M: Module>(_ name: String, _ modules: inout [M]) {
        for index in modules.indices { self("\(name).\(index)", &modules[index]) }
    }
}

/// In which of the forms of ``Weight`` one is held.
package enum WeightForm { case packed, inputsByOutputs, outputsByInputs }

extension Module {
    /// Calls `body` with each parameter and its path, in the order in which modules name them; it may change them.
    public mutating func updateParameters(_ body: (_ path: String, _ parameter: inout Tensor) -> Void) {
        withoutActuallyEscaping(body) { body in
            var visitor = ModuleVisitor(body)
            visit(&visitor)
        }
    }

    /// All parameters with their paths, in the order in which modules name them.
    public var parameters: [(path: String, tensor: Tensor)] {
        var copy = self
        var found: [(path: String, tensor: Tensor)] = []
        copy.updateParameters { path, tensor in found.append((path, tensor)) }
        return found
    }

    /// The paths of weights that are held in one form. No parameter stands for those that are packed.
    package func weights(in form: WeightForm) -> [String] {
        var copy = self
        var paths: [String] = []
        var visitor = ModuleVisitor({ _, _ in }, form: { if $1 == form { paths.append($0) } })
        copy.visit(&visitor)
        return paths
    }

    /// Calls `body` with the path of each parameter and each packed weight, the format of one that is packed, and its memory,
    /// which is valid as long as the module lives.
    package func forEachMemory(_ body: (_ path: String, _ format: WeightFormat?, UnsafeRawBufferPointer) -> Void) {
        var copy = self
        withoutActuallyEscaping(body) { body in
            var visitor = ModuleVisitor(
                { body($0, nil, UnsafeRawBufferPointer(start: $1.floats, count: $1.shape.count * 4)) },
                packed: { body($0, $1.format, UnsafeRawBufferPointer(start: $1.panels, count: $1.byteCount)) })
            copy.visit(&visitor)
        }
    }

    /// How many numbers the parameters are.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.shape.count } }

    /// Makes parameters trainable, or, frozen, constants that no gradient is worked out for.
    ///
    /// - Parameter isTrainable: says which, by path.
    public mutating func setTrainable(_ isTrainable: (_ path: String) -> Bool) {
        updateParameters { path, tensor in tensor = isTrainable(path) ? tensor.asParameter : tensor.asConstant }
    }
}
