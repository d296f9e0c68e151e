public import Files
public import Tokenizers

/// Text files to train with, one after another.
///
/// A line that is exactly `<|endoftext|>` separates documents and belongs to none. Each document that is not empty is
/// followed by the tokenizer's end-of-text token, if it has one; the end of a file ends a document too.
public struct TrainingTexts: Sendable {
    private let files: [MappedFile]
    /// Whether a line separates documents somewhere.
    private let hasSeparators: Bool
    private let characters: CharacterVocabulary

    /// The size of all files in bytes.
    public let bytes: Int

    /// Opens the files and reads them once, to check them and to see which characters they have.
    ///
    /// - Throws: ``InputError`` of kind `missing` if a file cannot be read, `data` if one is empty or not UTF-8, with the
    ///   offset of the byte.
    public init(_ paths: [String]) throws(InputError) {
        var files: [MappedFile] = []
        var characters = CharacterVocabulary()
        var hasSeparators = false
        for path in paths {
            let file = try MappedFile(path: path)
            guard file.count > 0 else {
                throw InputError(.data, "the text is empty", in: path, advice: "Give a text to train with")
            }
            var documents = DocumentReader(file, splitting: true)
            while let part = documents.next() {
                if part.endsDocument { hasSeparators = true }
                if let fault = characters.insert(UnsafeRawBufferPointer(rebasing: file.bytes[part.range])) {
                    throw file.notUTF8(at: part.range.lowerBound + fault)
                }
                file.release(part.range)
            }
            files.append(file)
        }
        self.files = files
        self.characters = characters
        self.hasSeparators = hasSeparators
        bytes = files.reduce(0) { $0 + $1.count }
    }

    /// A tokenizer whose tokens are the characters of the texts, in the order of their code points, as nanoGPT's
    /// `prepare.py` numbers them. `<|endoftext|>` follows as the last token if there are lines that separate documents.
    ///
    /// - Parameter others: texts that it must be able to encode as well.
    /// - Throws: ``InputError`` of kind `data` if the texts have nothing but separators.
    public func characterTokenizer(also others: TrainingTexts? = nil) throws(InputError) -> Tokenizer {
        var characters = characters
        if let others { characters.formUnion(others.characters) }
        return try characters.tokenizer(endOfText: hasSeparators || others?.hasSeparators == true)
    }

    /// Turns the texts into tokens.
    ///
    /// - Parameters:
    ///   - folder: where shards go if the tokens do not fit into `memoryLimit`; it is made when the first one is written.
    ///     Whoever calls removes it.
    ///   - memoryLimit: how many bytes the tokens may take before they go to disk.
    ///   - progress: called now and then with the part of the texts that is done, from 0 to 1.
    /// - Throws: ``InputError`` of kind `data` for a character that the tokenizer does not have, `missing` if a shard cannot
    ///   be written.
    public func tokens(
        _ tokenizer: Tokenizer, spillingTo folder: String, memoryLimit: Int = 1 << 28,
        progress: (Double) -> Void = { _ in }
    ) throws(InputError) -> TokenSequence {
        var store = TokenStore(tokenizer.vocabularySize, folder: folder, memoryLimit: memoryLimit)
        var done = 0
        for file in files {
            var documents = DocumentReader(file, splitting: true, for: tokenizer)
            var isInDocument = false
            func endDocument() throws(InputError) {
                if isInDocument, let end = tokenizer.endOfText { try store.append([end]) }
                isInDocument = false
            }
            while let part = documents.next() {
                if !part.range.isEmpty { isInDocument = true }
                try store.append(
                    tokenizer.encodeExactly(
                        UnsafeRawBufferPointer(rebasing: file.bytes[part.range]), in: file.path,
                        at: part.range.lowerBound))
                file.release(part.range)
                if part.endsDocument { try endDocument() }
                progress(Double(done + documents.position) / Double(bytes))
            }
            try endDocument()
            done += file.count
        }
        return try store.finish()
    }
}
