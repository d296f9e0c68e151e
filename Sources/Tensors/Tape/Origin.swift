/// Where a tensor comes from, as far as gradients care.
package struct Origin: Sendable, Equatable {
    /// The tape that recorded it; 0 for data, the largest number for parameters.
    let tape: UInt32
    /// Its entry on that tape.
    let node: UInt32

    /// Data: nobody asks for its gradient.
    package static let constant = Origin(tape: 0, node: 0)
    /// A parameter: each tape that meets it opens an account for its gradient, under the buffer that holds it.
    package static let parameter = Origin(tape: .max, node: 0)
}

extension Tensor {
    /// The same values as a parameter: something whose gradient a ``Tape`` works out.
    public var asParameter: Tensor { Tensor(buffer: buffer, shape: shape, origin: .parameter) }

    /// The same values as data, through which no gradient flows.
    public var asConstant: Tensor { Tensor(buffer: buffer, shape: shape) }

    /// Whether a ``Tape`` works out its gradient as that of a parameter.
    public var isParameter: Bool { origin == .parameter }
}
