/// The sizes of a tensor's axes, outermost first: up to four, held inline.
public struct Shape: Hashable, Sendable, CustomStringConvertible {
    /// How many axes there are.
    public let rank: Int
    private let sizes: SIMD4<Int>

    public init(_ a: Int) { self.init(rank: 1, SIMD4(a, 1, 1, 1)) }
    public init(_ a: Int, _ b: Int) { self.init(rank: 2, SIMD4(a, b, 1, 1)) }
    public init(_ a: Int, _ b: Int, _ c: Int) { self.init(rank: 3, SIMD4(a, b, c, 1)) }
    public init(_ a: Int, _ b: Int, _ c: Int, _ d: Int) { self.init(rank: 4, SIMD4(a, b, c, d)) }

    /// A shape of one to four axes; nil for another number.
    public init?(_ sizes: [Int]) {
        guard (1...4).contains(sizes.count), sizes.allSatisfy({ $0 >= 0 }) else { return nil }
        var padded = SIMD4(1, 1, 1, 1)
        for (axis, size) in sizes.enumerated() { padded[axis] = size }
        self.init(rank: sizes.count, padded)
    }

    /// The sizes, outermost first.
    public var sizesByAxis: [Int] { (0..<rank).map { sizes[$0] } }

    private init(rank: Int, _ sizes: SIMD4<Int>) {
        precondition(sizes.min() >= 0, "an axis cannot have a negative size")
        self.rank = rank
        self.sizes = sizes
    }

    /// How many elements a tensor of this shape has.
    public var count: Int { sizes[0] * sizes[1] * sizes[2] * sizes[3] }

    /// The size of an axis; negative indices count from the last.
    public subscript(axis: Int) -> Int {
        let index = axis < 0 ? axis + rank : axis
        precondition(index >= 0 && index < rank, "axis \(axis) of a tensor with \(rank) axes")
        return sizes[index]
    }

    /// The same shape with another size of the last axis.
    public func withLast(_ size: Int) -> Shape {
        precondition(rank > 0, "a shape without axes")
        var sizes = sizes
        sizes[rank - 1] = size
        return Shape(rank: rank, sizes)
    }

    /// As in "[2, 768]".
    public var description: String { "[" + (0..<rank).map { String(sizes[$0]) }.joined(separator: ", ") + "]" }
}
