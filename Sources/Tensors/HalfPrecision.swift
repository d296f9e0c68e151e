internal import Runtime

/// IEEE half precision, as files store it.
package enum HalfPrecision {
    /// Numbers from this size on become infinite.
    package static let limit: Float = 65_520

    /// Whether so many halves are numbers, neither infinite nor NaN.
    static func areFinite(_ halves: UnsafePointer<UInt16>, count: Int) -> Bool {
        // An exponent of ones alone carries into the highest bit.
        var carried: UInt16 = 0
        for i in 0..<count { carried |= (halves[i] & 0x7C00) &+ 0x0400 }
        return carried & 0x8000 == 0
    }

    /// The nearest halves of a tensor's elements, of two as near the even one.
    package static func narrowed(_ tensor: Tensor) -> [UInt16] {
        withExtendedLifetime(tensor) {
            [UInt16](unsafeUninitializedCapacity: tensor.shape.count) { halves, count in
                count = tensor.shape.count
                guard let start = halves.baseAddress else { return }
                Processor.kernels.pointee.narrow_f16(count, tensor.floats, start)
            }
        }
    }
}
