#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension Double {
    /// log Σ exp(x), without overflow. NaN if an element is, or if the largest is infinite.
    package static func logSumExp(_ row: UnsafeBufferPointer<Float>) -> Double {
        var largest = -Float.infinity
        for x in row where x > largest { largest = x }
        let shift = Double(largest)
        var sum = 0.0
        for x in row { sum += exp(Double(x) - shift) }
        return shift + log(sum)
    }
}
