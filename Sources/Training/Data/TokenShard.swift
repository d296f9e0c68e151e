public import Files

/// Token ids in one piece: a memory-mapped file, or memory.
public struct TokenShard: Sendable {
    private enum Storage: Sendable {
        case file(MappedFile)
        /// 16 or 32 bits each, as a file would hold them.
        case memory([UInt8])
    }

    private let storage: Storage
    private let layout: TokenLayout
    /// What errors call it.
    public let place: String

    /// The number of tokens.
    public var count: Int { layout.count }
    public var format: TokenFormat { layout.format }

    /// Maps a file of nanoGPT or llm.c.
    ///
    /// - Throws: ``InputError`` of kind `missing` if it cannot be read, `data` if it is empty, cut short or not of a known
    ///   format. Ids are looked at by ``TokenSequence/scan(vocabularySize:)``.
    public init(path: String) throws(InputError) {
        let file = try MappedFile(path: path)
        layout = try TokenLayout(file.bytes, in: path)
        storage = .file(file)
        place = path
    }

    /// - Parameter bytes: a whole token file, copied into memory.
    init(bytes: [UInt8], place: String) throws(InputError) {
        layout = try bytes.withUnsafeBufferPointer { bytes throws(InputError) in
            try TokenLayout(UnsafeRawBufferPointer(bytes), in: place)
        }
        storage = .memory(bytes)
        self.place = place
    }

    /// Copies ids from a position on.
    func copy(from position: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(position >= 0 && position + buffer.count <= count, "a window reaches past the end of a shard")
        withIDs { bytes in
            if format.bytesPerToken == 2 {
                for index in buffer.indices {
                    let id = bytes.loadUnaligned(fromByteOffset: 2 * (position + index), as: UInt16.self)
                    buffer[index] = Int32(UInt16(littleEndian: id))
                }
            } else {
                for index in buffer.indices {
                    let id = bytes.loadUnaligned(fromByteOffset: 4 * (position + index), as: Int32.self)
                    buffer[index] = Int32(littleEndian: id)
                }
            }
        }
    }

    /// Gives the memory of a part of a mapped file back; it stays readable.
    func release(_ range: Range<Int>) {
        guard case .file(let file) = storage else { return }
        let (start, width) = (format.headerCount, format.bytesPerToken)
        file.release(start + range.lowerBound * width..<start + range.upperBound * width)
    }

    private func withIDs(_ body: (UnsafeRawBufferPointer) -> Void) {
        func lend(_ bytes: UnsafeRawBufferPointer) {
            body(UnsafeRawBufferPointer(rebasing: bytes[format.headerCount...]))
        }
        switch storage {
        case .file(let file): withExtendedLifetime(file) { lend(file.bytes) }
        case .memory(let bytes): bytes.withUnsafeBytes(lend)
        }
    }
}
