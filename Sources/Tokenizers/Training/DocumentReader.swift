package import Files

/// Reads a text file part by part, so that no more than a part need be in memory.
///
/// Parts end where documents do, and where a long document can be cut without changing its tokens: before a line break
/// after a character that is not white space, because GPT-2's pattern always cuts there.
package struct DocumentReader {
    package struct Part {
        package let range: Range<Int>
        /// Whether a separator line follows.
        package let endsDocument: Bool
    }

    private static let separator = Array("<|endoftext|>".utf8)
    private static let newline = UInt8(ascii: "\n")
    private static let partLength = 1 << 18

    private let file: MappedFile
    private let isSplitting: Bool
    /// Where the next part starts.
    package private(set) var position = 0
    /// The start of the line to look at next, at or after the position.
    private var line = 0

    /// - Parameter splitting: whether separator lines separate documents, or are text.
    package init(_ file: MappedFile, splitting: Bool) {
        self.file = file
        isSplitting = splitting
    }

    /// - Returns: nil at the end of the file.
    package mutating func next() -> Part? {
        let bytes = file.bytes
        let start = position
        while line < bytes.count {
            let end = bytes[line...].firstIndex(of: Self.newline) ?? bytes.count
            if isSplitting, bytes[line..<end].elementsEqual(Self.separator) {
                let range = start..<line
                line = min(end + 1, bytes.count)
                position = line
                return Part(range: range, endsDocument: true)
            }
            line = min(end + 1, bytes.count)
            if end - start >= Self.partLength, end < bytes.count, isCut(before: end) {
                position = end
                return Part(range: start..<end, endsDocument: false)
            }
        }
        position = bytes.count
        return start < bytes.count ? Part(range: start..<bytes.count, endsDocument: false) : nil
    }

    private func isCut(before newline: Int) -> Bool {
        file.bytes.withMemoryRebound(to: UInt8.self) { Pretokenizer($0).isCut(beforeSpaceAt: newline) }
    }
}
