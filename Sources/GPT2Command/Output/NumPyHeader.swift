/// The beginning of a .npy file, version 1.0. Source: NumPy's `numpy.lib.format`.
enum NumPyHeader {
    /// The bytes before float32 numbers in row-major order.
    static func float32(shape: [Int]) -> [UInt8] {
        let sizes = shape.map { "\($0), " }.joined()
        let order = 1.littleEndian == 1 ? "<" : ">"
        var text = "{'descr': '\(order)f4', 'fortran_order': False, 'shape': (\(sizes)), }"
        let magic = [0x93] + Array("NUMPY".utf8) + [1, 0]
        // The numbers start at a multiple of 64 bytes, after a newline.
        let length = (magic.count + 2 + text.utf8.count + 1 + 63) / 64 * 64 - magic.count - 2
        text += String(repeating: " ", count: length - text.utf8.count - 1) + "\n"
        return magic + [UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
    }
}
