/// How the weights of a linear map are held in memory. Norms, biases and positions are always 32-bit floats.
///
/// A format fixes the arithmetic: with f32 and f16 activations are floats, and f16 gives the bits of the floats that the
/// halves are. With q8 and q4 each 32 activations become bytes with one scale.
public enum WeightFormat: String, Sendable, CaseIterable {
    case f32
    /// IEEE half precision.
    case f16
    /// Blocks of 32 numbers of 8 bits with one scale in half precision: 8.5 bits a weight.
    case q8
    /// Blocks of 32 numbers of 4 bits with one scale in half precision: 4.5 bits a weight.
    case q4

    /// Whether activations become bytes on their way in.
    package var isQuantized: Bool { self == .q8 || self == .q4 }

    /// Bytes of one panel of 16 outputs.
    package func panelBytes(inputs: Int) -> Int {
        let blocks = (inputs + 31) / 32
        return switch self {
        case .f32: inputs * 16 * 4
        case .f16: inputs * 16 * 2
        // KERNELS_Q8_BLOCK_BYTES and its sister, which Swift does not see.
        case .q8: blocks * (32 + 16 * 32)
        case .q4: blocks * (32 + 16 * 16)
        }
    }

    /// Bytes of a whole map: a panel for each 16 outputs, the last one filled up.
    package func byteCount(inputs: Int, outputs: Int) -> Int { (outputs + 15) / 16 * panelBytes(inputs: inputs) }
}
