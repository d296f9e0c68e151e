/// The gradients of parameters, summed up over the tapes that add to it.
///
/// A gradient is found by the tensor that it belongs to. Use it from one thread at a time.
public final class Gradients {
    struct Entry {
        /// Keeps the parameter's buffer, whose identity is the key, from being another's.
        let parameter: Tensor
        let gradient: Tensor
        /// Whether the gradient's buffer is nobody else's, so that more can be added to it in place.
        var isOwned: Bool
    }

    private var entries: [ObjectIdentifier: Entry] = [:]

    public init() {}

    /// The gradient of a parameter, in its shape; nil if nothing depended on it. To read: it stays here, and so does the
    /// parameter's memory.
    public subscript(parameter: Tensor) -> Tensor? {
        let key = parameter.memory
        // Whoever reads it holds it: what is added later goes elsewhere.
        entries[key]?.isOwned = false
        return entries[key]?.gradient.reshaped(parameter.shape)
    }

    /// Forgets all gradients. Their memory goes back to the pool that it came from.
    public func removeAll() { entries.removeAll(keepingCapacity: true) }

    /// The gradient of a parameter, which is forgotten here: what to change the parameter with, whose memory nobody else
    /// holds then.
    public func take(_ parameter: Tensor) -> Tensor? {
        entries.removeValue(forKey: parameter.memory)?.gradient.reshaped(parameter.shape)
    }

    func entry(of parameter: Tensor) -> Entry? { entries[parameter.memory] }

    func set(_ gradient: Tensor, isOwned: Bool, for parameter: Tensor) {
        entries[parameter.memory] = Entry(
            parameter: parameter, gradient: gradient, isOwned: isOwned)
    }
}
