/// The text of a JSON string: well-formed UTF-8, compared byte by byte.
package struct JSONString: Sendable, Hashable, CustomStringConvertible {
    private let storage: JSONStrings
    private let offset: UInt32
    private let length: UInt32

    init(_ storage: JSONStrings, _ range: Range<Int>) {
        self.storage = storage
        offset = UInt32(range.lowerBound)
        length = UInt32(range.count)
    }

    package init(_ text: String) {
        let bytes = [UInt8](text.utf8)
        storage = JSONStrings(capacity: bytes.count)
        storage.bytes.copyBytes(from: bytes)
        offset = 0
        length = UInt32(bytes.count)
    }

    package var count: Int { Int(length) }
    package var bytes: [UInt8] { withBytes { [UInt8]($0) } }
    package var description: String { withBytes { String(decoding: $0, as: UTF8.self) } }
    /// The text in quotation marks, fit for an error message.
    package var quoted: String { description.quoted }

    /// Lends the UTF-8 bytes without copying them.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(storage) {
            let start = Int(offset)
            return body(UnsafeRawBufferPointer(rebasing: storage.bytes[start..<start + Int(length)]))
        }
    }

    package static func == (left: JSONString, right: JSONString) -> Bool {
        left.length == right.length && left.withBytes { left in right.withBytes { left.elementsEqual($0) } }
    }

    package static func == (left: JSONString, right: String) -> Bool {
        left.withBytes { $0.elementsEqual(right.utf8) }
    }

    /// A hash for tables, quicker than `Hasher` for short texts. Source of the mixing step: wyhash (Wang Yi).
    func hash(seed: UInt64) -> UInt64 {
        withBytes { bytes in
            var hash = UInt64(bytes.count)
            for start in stride(from: 0, to: bytes.count, by: 8) {
                var word: UInt64 = 0
                if start + 8 <= bytes.count {
                    word = bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)
                } else {
                    for byte in bytes[start...] { word = word << 8 | UInt64(byte) }
                }
                let product = (word ^ seed).multipliedFullWidth(by: hash ^ 0x9E37_79B9_7F4A_7C15)
                hash = product.high ^ product.low
            }
            return hash
        }
    }

    package func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: $0) }
    }
}

/// The storage that all strings of one JSON text share: one allocation instead of one a string.
final class JSONStrings: Sendable {
    /// Safe to share: the parser writes each part before it makes the string that reads it, and never writes it again.
    nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    init(capacity: Int) {
        bytes = .allocate(byteCount: capacity, alignment: 1)
    }

    deinit { bytes.deallocate() }
}
