internal import Runtime

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension Tensor {
    /// Numbers drawn from the normal distribution with mean 0 (Box and Muller, 1958): element i depends on the seed, the
    /// stream and i only.
    public static func normal(_ shape: Shape, deviation: Double = 1, seed: UInt64, stream: UInt64 = 0) -> Tensor {
        let random = Philox(seed: seed, stream: stream)
        let values = (0..<shape.count).map { i in
            let pair = random.uniforms(at: UInt64(i / 2))
            let radius = (-2 * log(1 - pair.x)).squareRoot() * deviation
            return Float(radius * (i.isMultiple(of: 2) ? cos(2 * .pi * pair.y) : sin(2 * .pi * pair.y)))
        }
        return Tensor(values, shape: shape)
    }

    /// Numbers drawn uniformly from `range`: element i depends on the seed, the stream and i only.
    public static func uniform(
        _ shape: Shape, in range: Range<Double>, seed: UInt64, stream: UInt64 = 0
    ) -> Tensor {
        let random = Philox(seed: seed, stream: stream)
        let width = range.upperBound - range.lowerBound
        let values = (0..<shape.count).map { Float(range.lowerBound + width * random.uniform(at: UInt64($0))) }
        return Tensor(values, shape: shape)
    }
}
