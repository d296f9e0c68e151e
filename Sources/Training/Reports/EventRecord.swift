/// A record of TensorBoard: an `Event` message in the frame of a TFRecord.
///
/// The frame is the length (64 bits), its checksum, the message, its checksum, all little-endian. Of the messages, these
/// fields are used:
///
///     Event          1 wall_time (double)  2 step (int64)  3 file_version (string)  5 summary (Summary)
///     Summary        1 value (repeated Value)
///     Summary.Value  1 tag (string)  2 simple_value (float)
///
/// Sources: `event.proto` and `summary.proto` of TensorBoard, the Protocol Buffers encoding, TensorFlow's TFRecord page.
package struct EventRecord: Sendable {
    /// Seconds since 1970.
    package var wallTime: Double
    package var step = 0
    /// What the first record of a file says.
    package var fileVersion: String?
    package var values: [(tag: String, value: Float)] = []

    package static let currentVersion = "brain.Event:2"

    package init(
        wallTime: Double, step: Int = 0, fileVersion: String? = nil, values: [(tag: String, value: Float)] = []
    ) {
        self.wallTime = wallTime
        self.step = step
        self.fileVersion = fileVersion
        self.values = values
    }

    // MARK: Writing

    /// The bytes of the record in a file.
    package var framed: [UInt8] {
        let message = message
        let length = Self.littleEndian(UInt64(message.count))
        return length + Self.littleEndian(CRC32C.masked(length)) + message
            + Self.littleEndian(CRC32C.masked(message))
    }

    private var message: [UInt8] {
        var event = Self.key(1, .bits64) + Self.littleEndian(wallTime.bitPattern)
        // Proto3 leaves out what is zero.
        if step != 0 { event += Self.key(2, .varint) + Self.varint(UInt64(bitPattern: Int64(step))) }
        if let fileVersion { event += Self.bytes(3, Array(fileVersion.utf8)) }
        if !values.isEmpty {
            let summary = values.flatMap { tag, value in
                Self.bytes(
                    1, Self.bytes(1, Array(tag.utf8)) + Self.key(2, .bits32) + Self.littleEndian(value.bitPattern))
            }
            event += Self.bytes(5, summary)
        }
        return event
    }

    private enum WireType: UInt64 {
        case varint = 0
        case bits64 = 1
        case bytes = 2
        case bits32 = 5
    }

    private static func key(_ field: UInt64, _ type: WireType) -> [UInt8] { varint(field << 3 | type.rawValue) }

    private static func bytes(_ field: UInt64, _ content: [UInt8]) -> [UInt8] {
        key(field, .bytes) + varint(UInt64(content.count)) + content
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var value = value
        var bytes: [UInt8] = []
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
    }

    // MARK: Reading

    /// Where the record that starts at an offset ends, and the step that it is about.
    ///
    /// - Returns: nil if there is no whole record with the right checksums.
    package static func read(_ file: UnsafeRawBufferPointer, at start: Int) -> (end: Int, step: Int)? {
        guard file.count - start >= 16 else { return nil }
        func word<Word: FixedWidthInteger>(_ offset: Int, _: Word.Type) -> Word {
            Word(littleEndian: file.loadUnaligned(fromByteOffset: offset, as: Word.self))
        }
        guard word(start + 8, UInt32.self) == CRC32C.masked(file[start..<start + 8]),
            let length = Int(exactly: word(start, UInt64.self)), length <= file.count - start - 16
        else { return nil }
        let message = start + 12..<start + 12 + length
        guard word(message.upperBound, UInt32.self) == CRC32C.masked(file[message]) else { return nil }
        guard let step = step(of: UnsafeRawBufferPointer(rebasing: file[message])) else { return nil }
        return (message.upperBound + 4, step)
    }

    /// The field `step` of a message; 0 if it has none, nil if it is not a message.
    private static func step(of message: UnsafeRawBufferPointer) -> Int? {
        var rest = message[...]
        var step = 0
        while !rest.isEmpty {
            guard let key = takeVarint(&rest), let type = WireType(rawValue: key & 7) else { return nil }
            switch type {
            case .varint:
                guard let value = takeVarint(&rest) else { return nil }
                if key >> 3 == 2 { step = Int(Int64(bitPattern: value)) }
            case .bits64, .bits32:
                let size = type == .bits64 ? 8 : 4
                guard rest.count >= size else { return nil }
                rest = rest.dropFirst(size)
            case .bytes:
                guard let length = takeVarint(&rest), length <= rest.count else { return nil }
                rest = rest.dropFirst(Int(length))
            }
        }
        return step
    }

    private static func takeVarint(_ rest: inout Slice<UnsafeRawBufferPointer>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
