import Files

/// What the files of a tokenizer say, not yet checked: entries, added tokens and merges as parts of one text.
///
/// A vocabulary has some hundred thousand short texts; as ranges they cost nothing.
struct VocabularySource {
    typealias Text = Range<Int>

    /// An entry of the vocabulary, in the byte-level alphabet.
    struct Entry {
        let text: Text
        let id: Int
    }

    /// A token that is found as it stands; its text is ordinary UTF-8.
    struct Added {
        let text: Text
        let id: Int
        let isSpecial: Bool
    }

    /// Two texts in the byte-level alphabet that become one.
    struct Merge {
        let left: Text
        let right: Text
    }

    private(set) var bytes: [UInt8] = []
    var entries: [Entry] = []
    var added: [Added] = []
    var merges: [Merge] = []

    init() {}

    /// Starts with the strings of a whole JSON text, each at its ``JSONString/range``.
    ///
    /// - Parameter more: how many bytes will be appended, about.
    init(stringsOf json: JSONObject, more: Int = 1024) {
        json.withAllStrings { strings in
            bytes.reserveCapacity(strings.count + more)
            bytes += strings
        }
    }

    mutating func append(_ text: some Collection<UInt8>) -> Text {
        let start = bytes.count
        bytes += text
        return start..<bytes.count
    }

    /// Appends a merge written as two texts with one space between them.
    ///
    /// - Returns: false if it is not.
    mutating func appendMerge(_ line: Text) -> Bool {
        guard let space = bytes[line].firstIndex(of: UInt8(ascii: " ")) else { return false }
        let (left, right) = (line.lowerBound..<space, space + 1..<line.upperBound)
        guard !left.isEmpty, !right.isEmpty, !bytes[right].contains(UInt8(ascii: " ")) else { return false }
        merges.append(Merge(left: left, right: right))
        return true
    }

    func quoted(_ text: Text) -> String {
        String(decoding: bytes[text], as: UTF8.self).quoted
    }

    func isEqual(_ left: Text, _ right: some Collection<UInt8>) -> Bool {
        left.count == right.count && bytes[left].elementsEqual(right)
    }
}
