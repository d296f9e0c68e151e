/// The text of a JSON string: well-formed UTF-8, compared byte by byte.
package struct JSONString: Sendable, Hashable, CustomStringConvertible {
    private let storage: JSONStrings
    private let start: UInt32
    private let length: UInt32

    init(_ storage: JSONStrings, start: UInt32, count: UInt32) {
        self.storage = storage
        self.start = start
        length = count
    }

    package init(_ text: String) {
        let bytes = [UInt8](text.utf8)
        let storage = JSONStrings(capacity: bytes.count)
        bytes.withUnsafeBytes { storage.append($0) }
        self.storage = storage
        start = 0
        length = UInt32(bytes.count)
    }

    package var count: Int { Int(length) }
    /// Where it lies in the texts of all strings, see ``JSONObject/withAllStrings(_:)``.
    package var range: Range<Int> { Int(start)..<Int(start) + Int(length) }
    package var bytes: [UInt8] { withBytes { [UInt8]($0) } }
    package var description: String { withBytes { String(decoding: $0, as: UTF8.self) } }
    /// The text in quotation marks, fit for an error message.
    package var quoted: String { description.quoted }

    /// Lends the UTF-8 bytes without copying them.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        storage.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    package static func == (left: JSONString, right: JSONString) -> Bool {
        left.length == right.length && left.withBytes { left in right.withBytes { left.holdsSameBytes(as: $0) } }
    }

    package static func == (left: JSONString, right: String) -> Bool {
        left.withBytes { $0.elementsEqual(right.utf8) }
    }

    /// A hash for tables, quicker than `Hasher` for short texts. Source of the mixing step: wyhash (Wang Yi).
    static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
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

    package func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: $0) }
    }
}

/// The storage that all strings of one JSON text share: one allocation instead of one a string.
final class JSONStrings: Sendable {
    /// Safe to share: who makes the strings writes each before anybody reads it, and never writes it again.
    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer
    private nonisolated(unsafe) var used = 0

    init(capacity: Int) {
        storage = .allocate(byteCount: capacity, alignment: 1)
    }

    deinit { storage.deallocate() }

    /// How many bytes are written.
    var count: Int { used }

    /// The bytes of a string; valid while this object lives.
    func bytes(of node: JSONDocument.Node) -> UnsafeRawBufferPointer {
        guard case .string(let start, let count) = node else { preconditionFailure("no string") }
        return UnsafeRawBufferPointer(rebasing: storage[Int(start)..<Int(start) + Int(count)])
    }

    /// Lends all that is written.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(self) { body(UnsafeRawBufferPointer(rebasing: storage[..<used])) }
    }

    /// Appends to what is written, for which the capacity must do.
    func append(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: storage[used...]).copyMemory(from: bytes)
        used += bytes.count
    }

    func append(_ byte: UInt8) {
        storage[used] = byte
        used += 1
    }
}
