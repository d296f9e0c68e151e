import Files
import Runtime
import Synchronization

/// Counts the pieces of a text file on a team's threads, which take parts of it in turns.
struct TextCounting: TeamTask {
    /// What the threads take parts from, and what they say about them.
    private final class Text: Sendable {
        struct State {
            var reader: DocumentReader
            /// Parts that start here or later are not for now.
            var end = 0
            var documents = 0
            var isInDocument = false
            /// The first byte that is not UTF-8, as far as is known.
            var fault: Int?
        }

        let state: Mutex<State>

        init(_ file: MappedFile) {
            state = Mutex(State(reader: DocumentReader(file, splitting: true)))
        }

        /// The next part; nil at the end of the batch.
        func next() -> Range<Int>? {
            state.withLock { state in
                guard state.fault == nil, state.reader.position < state.end, let part = state.reader.next() else {
                    return nil
                }
                if !part.range.isEmpty, !state.isInDocument {
                    state.documents += 1
                    state.isInDocument = true
                }
                if part.endsDocument { state.isInDocument = false }
                return part.range
            }
        }

        /// Notes a faulty byte. Parts are taken in order and checked to their first fault, so the least is the file's.
        func fail(at offset: Int) {
            state.withLock { $0.fault = min($0.fault ?? offset, offset) }
        }
    }

    /// How much is counted between two reports of progress.
    private static let batch = 16 << 20

    private let file: MappedFile
    private let text: Text
    /// One for each thread.
    private let counts: UnsafeMutableBufferPointer<PieceCounts>

    /// Counts a file's pieces.
    ///
    /// - Parameters:
    ///   - counts: where each thread of the team adds what it finds.
    ///   - progress: called now and then with the bytes that are done.
    /// - Returns: the number of documents that are not empty.
    /// - Throws: ``InputError`` of kind `data` if the file is not UTF-8.
    static func count(
        _ file: MappedFile, into counts: inout [PieceCounts], team: Team, progress: (Int) -> Void
    ) throws(InputError) -> Int {
        let text = Text(file)
        var position = 0
        while position < file.count {
            text.state.withLock { $0.end = position + batch }
            counts.withUnsafeMutableBufferPointer {
                team.run(TextCounting(file: file, text: text, counts: $0))
            }
            let fault = text.state.withLock { state in
                position = state.reader.position
                return state.fault
            }
            if let fault { throw file.notUTF8(at: fault) }
            progress(position)
        }
        return text.state.withLock { $0.documents }
    }

    func run(part: Int, of parts: Int) {
        while let range = text.next() {
            let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[range])
            bytes.withMemoryRebound(to: UInt8.self) { bytes in
                if let fault = UTF8Sequence.firstFault(in: bytes) {
                    text.fail(at: range.lowerBound + fault)
                } else {
                    counts[part].count(bytes)
                }
            }
            file.release(range)
        }
    }
}
