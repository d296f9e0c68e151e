public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif
/// Positions as waves of different lengths (Vaswani et al., arXiv:1706.03762, section 3.5): channel 2i of position p is
/// sin(p / 10000^(2i/C)), channel 2i + 1 the cosine of the same.
///
/// Holds no parameters, and knows every position and every number of channels, odd ones included: the last sine then has
/// no cosine.
public struct SinusoidalPositions: Module {
    public init() {}

    /// x with each position's vector added; the tap `positionEmbedding` sees the vectors.
    ///
    /// - Parameters:
    ///   - x: [B, T, C] or [T, C].
    ///   - start: the position of the first of the T.
    public func callAsFunction(_ x: Tensor, from start: Int = 0, _ context: ForwardContext) -> Tensor {
        let (count, length) = x.shape.sequences
        let vectors = Self.encoding(positions: start..<start + length, channels: x.shape[-1])
        let order = (0..<count * length).map { Int32($0 % max(length, 1)) }
        return context.add(x, context.tap(.positionEmbedding, context.gather(order, vectors)).reshaped(x.shape))
    }

    /// The vectors of some positions, [T, C].
    public static func encoding(positions: some Collection<Int>, channels: Int) -> Tensor {
        let lengths = stride(from: 0, to: channels, by: 2).map { pow(10000, Double($0) / Double(channels)) }
        var values: [Float] = []
        values.reserveCapacity(positions.count * channels)
        for position in positions {
            for channel in 0..<channels {
                let angle = Double(position) / lengths[channel / 2]
                values.append(Float(channel.isMultiple(of: 2) ? sin(angle) : cos(angle)))
            }
        }
        return Tensor(values, shape: Shape(positions.count, channels))
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {}
}
