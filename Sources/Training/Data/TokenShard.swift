public import Files

/// Token ids in one piece: a memory-mapped file, or memory.
public struct TokenShard: Sendable {
    private enum Storage: Sendable {
        case file(MappedFile)
        /// As a file holds them, without its header.
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
    /// - Parameter format: nil to tell the formats apart by the first bytes.
    /// - Throws: ``InputError`` of kind `missing` if it cannot be read, `data` if it is empty, cut short or not of a known
    ///   format. Ids are looked at by ``TokenSequence/scan(vocabularySize:)``.
    public init(path: String, format: TokenFormat? = nil) throws(InputError) {
        let file = try MappedFile(path: path)
        layout = try TokenLayout(file.bytes, as: format, in: path)
        storage = .file(file)
        place = path
    }

    init(_ words: TokenWords, place: String) {
        layout = TokenLayout(words.format, count: words.count)
        storage = .memory(words.bytes)
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
        switch storage {
        case .file(let file):
            withExtendedLifetime(file) { body(UnsafeRawBufferPointer(rebasing: file.bytes[format.headerCount...])) }
        case .memory(let bytes): bytes.withUnsafeBytes(body)
        }
    }
}
