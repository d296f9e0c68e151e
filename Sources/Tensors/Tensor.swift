internal import Kernels
package import Runtime

/// An array of 32-bit floats with a shape, row-major.
///
///     let x = Tensor([1, 2, 3, 4, 5, 6], shape: Shape(2, 3))
///     x[1, 2]        // 6
///     x.row(0)       // [1, 2, 3]
///
/// A tensor is a value: operations make new ones, none changes an old one. Copying costs a reference count.
public struct Tensor: @unchecked Sendable {
    // Sound: the buffer is written while its first tensor is being made, by the operation that makes it, and later only
    // where no other tensor shares it: through `ownedFloats`, as optimizers do, and by the backward pass, which adds to
    // gradients that are its own.
    public let shape: Shape
    package var buffer: Buffer
    package let origin: Origin

    package init(buffer: Buffer, shape: Shape, origin: Origin = .constant) {
        self.buffer = buffer
        self.shape = shape
        self.origin = origin
    }

    /// `values` in row-major order; their number must be the shape's count.
    public init(_ values: [Float], shape: Shape) {
        precondition(values.count == shape.count, "\(values.count) values for a tensor of shape \(shape)")
        self.init(buffer: Buffer(capacity: values.count), shape: shape)
        values.withUnsafeBufferPointer { if let base = $0.baseAddress { floats.update(from: base, count: $0.count) } }
    }

    /// All elements 0.
    public static func zeros(_ shape: Shape) -> Tensor {
        let tensor = Tensor(buffer: Buffer(capacity: shape.count), shape: shape)
        tensor.floats.update(repeating: 0, count: shape.count)
        return tensor
    }

    /// No elements, [0].
    package static let empty = Tensor([], shape: Shape(0))

    /// Where the elements are, while this tensor lives.
    package var floats: UnsafeMutablePointer<Float> { buffer.floats }

    /// All elements in row-major order.
    public var values: [Float] { withUnsafeValues { Array($0) } }

    /// Calls `body` with all elements in row-major order; the pointer must not leave it.
    public func withUnsafeValues<R, E: Error>(_ body: (UnsafeBufferPointer<Float>) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(buffer) {} }
        return try body(UnsafeBufferPointer(start: floats, count: shape.count))
    }

    /// Whether every element is a number, neither infinite nor NaN.
    public var isFinite: Bool { withUnsafeValues { kernels_all_finite($0.count, $0.baseAddress) != 0 } }

    /// How many rows there are when all axes but the last are taken together.
    public var rows: Int { shape.withLast(1).count }

    /// The elements of row `index`, all axes but the last taken together.
    public func row(_ index: Int) -> [Float] {
        precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
        let width = shape[-1]
        return withUnsafeValues { Array($0[index * width..<(index + 1) * width]) }
    }

    /// The element of a matrix at row `i` and column `j`.
    public subscript(i: Int, j: Int) -> Float {
        precondition(shape.rank == 2 && i >= 0 && i < shape[0] && j >= 0 && j < shape[1], "[\(i), \(j)] of \(shape)")
        return withUnsafeValues { $0[i * shape[1] + j] }
    }

    /// Which memory holds the elements: the same for tensors that share theirs.
    package var memory: ObjectIdentifier { ObjectIdentifier(buffer) }

    /// Whether both have the same memory.
    package func isIdentical(to other: Tensor) -> Bool { buffer === other.buffer }

    /// Whether both are one tensor to the tape too: the same memory may be followed in one place and data in another.
    package func isSame(as other: Tensor) -> Bool { isIdentical(to: other) && origin == other.origin }

    /// The same elements in another shape of the same count.
    public func reshaped(_ shape: Shape) -> Tensor {
        precondition(shape.count == self.shape.count, "\(self.shape) cannot become \(shape)")
        return Tensor(buffer: buffer, shape: shape, origin: origin)
    }

    /// A copy that shares nothing with any other tensor, nor with a context's pool.
    public var detached: Tensor { Tensor(values, shape: shape) }

    /// Where the elements are, for changing them in place; if another tensor shares them, this one first gets a copy of
    /// its own.
    package mutating func ownedFloats() -> UnsafeMutablePointer<Float> {
        if !isKnownUniquelyReferenced(&buffer) { buffer = Tensor(values, shape: shape).buffer }
        return floats
    }
}
