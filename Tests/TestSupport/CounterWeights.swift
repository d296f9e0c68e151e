/// Model weights from a counter: element `i` of a tensor is a pure function of the seed, the tensor's name and `i`.
///
/// `Tests/GPT2Tests/Fixtures/counter_weights.py` defines the same function, bit for bit, and says it in full; reference
/// values made there with other software therefore hold for a checkpoint written here, which need not be stored.
package enum CounterWeights {
    /// Values are uniform in `offset - scale ..< offset + scale`; `scale` is a power of two.
    package struct Rule: Sendable {
        package let offset: Float
        package let scale: Float

        package init(offset: Float, scale: Float) {
            self.offset = offset
            self.scale = scale
        }
    }

    /// Fills `values`, the whole tensor in row-major order.
    package static func fill(_ values: UnsafeMutableBufferPointer<Float>, name: String, seed: UInt64, rule: Rule) {
        let unit = rule.scale * 0x1p-23
        var state = key(seed: seed, name: name)
        for pair in 0..<(values.count + 1) / 2 {
            state &+= increment
            let word = mix(state)
            values[2 * pair] = rule.offset + centred(word >> 40) * unit
            if 2 * pair + 1 < values.count {
                values[2 * pair + 1] = rule.offset + centred(word >> 16 & 0xFF_FFFF) * unit
            }
        }
    }

    /// A 24-bit integer about zero, exact as a Float.
    private static func centred(_ bits: UInt64) -> Float {
        Float(Int32(truncatingIfNeeded: bits) - 1 << 23)
    }

    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func key(seed: UInt64, name: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return mix(hash &+ seed &* increment)
    }

    private static func mix(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
