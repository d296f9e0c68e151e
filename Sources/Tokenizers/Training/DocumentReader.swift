package import Files

/// Reads a text file part by part, so that no more than a part need be in memory.
///
/// Parts end where documents do, and where a long document can be cut without changing its tokens: where GPT-2's pattern
/// always cuts and no added token lies across. Words and their punctuation offer such places in every script, spaces or
/// not. A run without any, such as a million letters in a row, is not cut: all its bytes have a say in its tokens.
package struct DocumentReader {
    package struct Part {
        package let range: Range<Int>
        /// Whether a separator line follows.
        package let endsDocument: Bool
    }

    private static let separator = Array("<|endoftext|>".utf8)
    private static let newline = UInt8(ascii: "\n")

    private let file: MappedFile
    private let isSplitting: Bool
    private let addedTokens: AddedTokens?
    private let partLength: Int
    /// Where the next part starts.
    package private(set) var position = 0

    /// - Parameters:
    ///   - splitting: whether separator lines separate documents, or are text.
    ///   - tokenizer: what parts become tokens with, if they do.
    ///   - partLength: how many bytes a part has before it is cut.
    package init(_ file: MappedFile, splitting: Bool, for tokenizer: Tokenizer? = nil, partLength: Int = 1 << 18) {
        precondition(partLength > 0, "parts of \(partLength) bytes")
        self.file = file
        isSplitting = splitting
        addedTokens = tokenizer?.vocabulary.added
        self.partLength = partLength
    }

    /// - Returns: nil at the end of the file.
    package mutating func next() -> Part? {
        let bytes = file.bytes
        let start = position
        if start == bytes.count { return nil }
        let limit = min(bytes.count, start + partLength)
        var place = start
        while place < limit {
            if let end = endOfSeparator(at: place) { return endDocument(start..<place, at: end) }
            place = bytes[place..<limit].firstIndex(of: Self.newline).map { $0 + 1 } ?? limit
        }
        while place < bytes.count {
            if let end = endOfSeparator(at: place) { return endDocument(start..<place, at: end) }
            if isCut(at: place) { break }
            place += 1
        }
        position = place
        return Part(range: start..<place, endsDocument: false)
    }

    private mutating func endDocument(_ range: Range<Int>, at end: Int) -> Part {
        position = end
        return Part(range: range, endsDocument: true)
    }

    /// Where the line after a separator line starts, if that is what starts at `place`.
    private func endOfSeparator(at place: Int) -> Int? {
        let bytes = file.bytes
        guard isSplitting, place == 0 || bytes[place - 1] == Self.newline else { return nil }
        let end = place + Self.separator.count
        guard end <= bytes.count, bytes[place..<end].elementsEqual(Self.separator) else { return nil }
        if end == bytes.count { return end }
        return bytes[end] == Self.newline ? end + 1 : nil
    }

    private func isCut(at place: Int) -> Bool {
        file.bytes.withMemoryRebound(to: UInt8.self) { text in
            Pretokenizer(text).isCut(at: place) && addedTokens?.canLie(across: place, in: text) != true
        }
    }
}
