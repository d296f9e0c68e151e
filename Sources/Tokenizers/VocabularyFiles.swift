import Files

/// Reads `vocab.json` and `merges.txt`, the files of OpenAI's release.
///
/// The entry `<|endoftext|>` is the one special token, as it is for GPT-2.
enum VocabularyFiles {
    static func read(
        vocabulary: UnsafeRawBufferPointer, in place: String, merges: UnsafeRawBufferPointer, in mergesPlace: String
    ) throws(InputError) -> Vocabulary {
        let object = try JSONFields(JSON.parse(vocabulary, in: place), in: place).object
        let entries = try TokenizerJSON.entries(object, in: place)
        let special = Tokenizer.endOfTextName
        let added = entries.filter { $0.text.elementsEqual(special.utf8) }.map {
            VocabularyBuilder.Added(text: $0.text, id: $0.id, isSpecial: true)
        }

        let text = [UInt8](merges)
        let header = text.starts(with: "#version".utf8) ? 1 : 0
        let rules = try mergeRules(text, header: header, in: mergesPlace)
        var builder = VocabularyBuilder(place: place, mergesPlace: mergesPlace) { "line \($0 + 1 + header)" }
        return try builder.build(entries, added: added, merges: rules, endOfText: special)
    }

    private static func mergeRules(
        _ text: [UInt8], header: Int, in place: String
    ) throws(InputError) -> [VocabularyBuilder.Merge] {
        var merges: [VocabularyBuilder.Merge] = []
        var start = 0
        var number = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            var line = text[start..<end]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            start = end + 1
            number += 1
            if number <= header { continue }
            // Only the end of the file may be empty.
            if line.isEmpty, text[min(start, text.count)...].allSatisfy({ $0 == 0x0A || $0 == 0x0D }) { break }
            guard let merge = VocabularyBuilder.Merge(line) else {
                throw InputError(
                    .data,
                    "line \(number) must be two tokens with one space between them, but is \(String(decoding: line, as: UTF8.self).quoted)",
                    in: place, advice: VocabularyBuilder.advice)
            }
            merges.append(merge)
        }
        return merges
    }
}
