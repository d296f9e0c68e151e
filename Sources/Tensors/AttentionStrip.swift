internal import Kernels

/// Attention weights of a few rows of one head, or their gradients: [rows, keys].
struct AttentionStrip {
    let floats: UnsafeMutablePointer<Float>
    /// Floats from one row to the next.
    let stride: Int

    /// Most rows of a strip.
    static let rows = 32

    func row(_ row: Int) -> UnsafeMutablePointer<Float> { floats + row * stride }

    /// other[row, key] = self[row, key] * factors[key]; the other may be this one.
    func multiply(
        by factors: UnsafePointer<Float>, rows: Int, keys: Int, into other: AttentionStrip, _ kernels: KernelTable
    ) {
        for row in 0..<rows { kernels.pointee.multiply(keys, self.row(row), factors, other.row(row)) }
    }

    /// What lies between the rows of a strip in memory of its own. Rows a multiple of a kilobyte apart would push each
    /// other out of the first cache, which has few places for each address.
    static func stride(keys: Int) -> Int {
        let whole = max((keys + 15) / 16, 1) * 16
        return whole.isMultiple(of: 256) ? whole + 16 : whole
    }
}
