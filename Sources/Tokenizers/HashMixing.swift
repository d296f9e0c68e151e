/// Hashing for tables whose keys come from foreign files.
///
/// The seed differs from process to process, so that no file can be made to collide; it never changes a result.
enum HashMixing {
    static let seed = UInt64.random(in: .min ... .max)

    /// Multiplies to 128 bits and folds the halves. Source: the mixing step of wyhash (Wang Yi).
    @inline(__always)
    static func mix(_ a: UInt64, _ b: UInt64, seed: UInt64) -> UInt64 {
        let product = (a ^ seed).multipliedFullWidth(by: b ^ 0x9E37_79B9_7F4A_7C15 ^ (seed &<< 32))
        return product.high ^ product.low
    }

    /// The size of a table with open addressing: a power of two, at most half full.
    static func tableSize(for count: Int) -> Int {
        var size = 16
        while size < 2 * count { size *= 2 }
        return size
    }
}
