import Files

/// Reads `vocab.json` and `merges.txt`, the files of OpenAI's release.
///
/// The entry `<|endoftext|>` is the one special token, as it is for GPT-2.
enum VocabularyFiles {
    static func read(
        vocabulary: UnsafeRawBufferPointer, in place: String, merges: UnsafeRawBufferPointer, in mergesPlace: String
    ) throws(InputError) -> Vocabulary {
        let entries = try JSONFields(JSON.parse(vocabulary, in: place), in: place).object
        var source = VocabularySource(stringsOf: entries, more: merges.count)
        try source.appendEntries(entries, in: place)
        source.added = source.entries.filter { source.isEqual($0.text, Vocabulary.endOfTextName.utf8) }.map {
            VocabularySource.Added(text: $0.text, id: $0.id, isSpecial: true)
        }

        let headerLines = merges.starts(with: "#version".utf8) ? 1 : 0
        try appendMerges(merges, headerLines: headerLines, to: &source, in: mergesPlace)
        var builder = VocabularyBuilder(source, place: place, mergesPlace: mergesPlace) {
            "line \($0 + 1 + headerLines)"
        }
        return try builder.build()
    }

    private static func appendMerges(
        _ file: UnsafeRawBufferPointer, headerLines: Int, to source: inout VocabularySource, in place: String
    ) throws(InputError) {
        source.merges.reserveCapacity(file.count { $0 == UInt8(ascii: "\n") } + 1)
        let text = source.append(file)
        var start = text.lowerBound
        var number = 0
        while start < text.upperBound {
            let end = source.bytes[start..<text.upperBound].firstIndex(of: UInt8(ascii: "\n")) ?? text.upperBound
            let hasCarriageReturn = end > start && source.bytes[end - 1] == UInt8(ascii: "\r")
            let line = start..<(hasCarriageReturn ? end - 1 : end)
            start = end + 1
            number += 1
            // Only the end of the file may be empty.
            if number <= headerLines || (line.isEmpty && start >= text.upperBound) { continue }
            guard source.appendMerge(line) else {
                throw InputError(
                    .data,
                    "line \(number) must be two tokens with one space between them, but is \(source.quoted(line))",
                    in: place, advice: VocabularyBuilder.advice)
            }
        }
    }
}
