public import Files
internal import Tokenizers

/// Token ids as the bytes of a token file, without its header.
struct TokenWords {
    let format: TokenFormat
    private(set) var bytes: [UInt8] = []

    init(_ format: TokenFormat) {
        self.format = format
    }

    /// The number of tokens.
    var count: Int { bytes.count / format.bytesPerToken }

    /// - Parameter tokens: ids that the format holds.
    mutating func append(_ tokens: some Sequence<TokenID>) {
        for token in tokens {
            let word = UInt32(truncatingIfNeeded: token)
            bytes.append(UInt8(truncatingIfNeeded: word))
            bytes.append(UInt8(truncatingIfNeeded: word >> 8))
            guard format.bytesPerToken == 4 else { continue }
            bytes.append(UInt8(truncatingIfNeeded: word >> 16))
            bytes.append(UInt8(truncatingIfNeeded: word >> 24))
        }
    }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}

extension TokenFormat {
    /// Writes a token file, replacing it at once.
    ///
    /// - Parameter vocabularySize: the size of the vocabulary that the tokens belong to.
    /// - Throws: ``InputError`` of kind `data` if the format cannot hold the vocabulary or the number of tokens, `missing`
    ///   if the file cannot be written.
    public func write(_ tokens: TokenSequence, vocabularySize: Int, to path: String) throws(InputError) {
        try checkHolds(vocabularySize: vocabularySize, in: path)
        let header = try header(tokens: tokens.count, in: path)
        try AtomicFile.write(to: path) { writer throws(InputError) in
            try writer.write(header)
            var words = TokenWords(self)
            let blockLength = 1 << 20
            for start in stride(from: 0, to: tokens.count, by: blockLength) {
                let range = start..<min(start + blockLength, tokens.count)
                words.append(tokens.ids(range))
                tokens.release(range)
                try writer.write(words.bytes)
                words.removeAll()
            }
        }
    }
}
