public import Files

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Tokenizer {
    /// Loads the tokenizer of a model directory: `tokenizer.json`, or else `vocab.json` with `merges.txt`.
    ///
    /// - Throws: ``InputError`` of kind `missing` if the files are not there, `data` if they are faulty or describe a
    ///   tokenizer that is not of GPT-2's kind.
    public init(directory: String) throws(InputError) {
        if Self.exists("\(directory)/tokenizer.json") {
            let file = try MappedFile(path: "\(directory)/tokenizer.json")
            defer { withExtendedLifetime(file) {} }
            try self.init(tokenizerJSON: file.bytes, place: file.path)
        } else if Self.exists("\(directory)/vocab.json") {
            let vocabulary = try MappedFile(path: "\(directory)/vocab.json")
            let merges = try MappedFile(path: "\(directory)/merges.txt")
            defer { withExtendedLifetime((vocabulary, merges)) {} }
            try self.init(
                vocabulary: vocabulary.bytes, merges: merges.bytes, vocabularyPlace: vocabulary.path,
                mergesPlace: merges.path)
        } else {
            throw InputError(
                .missing, "there is neither tokenizer.json nor vocab.json here", in: directory,
                advice: "Name a directory that has tokenizer.json, or vocab.json and merges.txt")
        }
    }

    /// Whether a directory has files that ``init(directory:)`` would load.
    public static func hasFiles(in directory: String) -> Bool {
        exists("\(directory)/tokenizer.json") || exists("\(directory)/vocab.json")
    }

    /// Reads a `tokenizer.json` that is in memory; nothing refers to the bytes afterwards.
    ///
    /// - Parameter place: what errors call the file.
    /// - Throws: ``InputError`` of kind `data`.
    public init(tokenizerJSON bytes: UnsafeRawBufferPointer, place: String = "tokenizer.json") throws(InputError) {
        self.init(try TokenizerJSON.read(bytes, in: place))
    }

    /// Reads a `vocab.json` and a `merges.txt` that are in memory; nothing refers to the bytes afterwards.
    ///
    /// - Parameters:
    ///   - vocabularyPlace: what errors call the first file.
    ///   - mergesPlace: what errors call the second file.
    /// - Throws: ``InputError`` of kind `data`.
    public init(
        vocabulary: UnsafeRawBufferPointer, merges: UnsafeRawBufferPointer, vocabularyPlace: String = "vocab.json",
        mergesPlace: String = "merges.txt"
    ) throws(InputError) {
        self.init(
            try VocabularyFiles.read(vocabulary: vocabulary, in: vocabularyPlace, merges: merges, in: mergesPlace))
    }

    // MARK: Writing

    /// The tokenizer as a `tokenizer.json` that Hugging Face tokenizers and ``init(tokenizerJSON:place:)`` read.
    public var tokenizerJSON: [UInt8] { TokenizerJSONWriter.write(vocabulary) }

    /// The files that a model directory has for the tokenizer, by name, in the order in which they are best written.
    ///
    /// For a tokenizer of characters, that is `tokenizer_config.json` too: without it, transformers would cut the text of a
    /// GPT-2 model into bytes.
    package var files: [(name: String, bytes: [UInt8])] {
        let file = (name: "tokenizer.json", bytes: tokenizerJSON)
        guard isCharacterLevel else { return [file] }
        let end = endOfText == nil ? "" : ",\n  \"eos_token\": \(Vocabulary.endOfTextName.jsonEscaped)"
        let configuration = """
            {
              "tokenizer_class": "PreTrainedTokenizerFast",
              "clean_up_tokenization_spaces": false\(end)
            }

            """
        return [("tokenizer_config.json", Array(configuration.utf8)), file]
    }

    /// Writes the tokenizer's files into a directory, which is made if it is not there. Each file is there as a whole or not at all, and
    /// `tokenizer.json` is the last one.
    ///
    /// - Throws: ``InputError`` of kind `usage` if the directory has a tokenizer already, `missing` if it cannot be written.
    public func write(toDirectory directory: String) throws(InputError) {
        try Self.prepareForWriting(directory)
        for file in files { try AtomicFile.write(file.bytes, to: "\(directory)/\(file.name)") }
    }

    /// Makes a directory for a tokenizer, if it is not there.
    ///
    /// - Parameter advice: what to do where a tokenizer is there already.
    /// - Throws: what ``write(toDirectory:)`` would, as far as it can be known beforehand.
    package static func prepareForWriting(
        _ directory: String, advice: String = "Name another folder"
    ) throws(InputError) {
        if hasFiles(in: directory) {
            throw InputError(
                .usage, "there is a tokenizer here already, and it is not replaced", in: directory, advice: advice)
        }
        try Folder.create(directory)
    }

    private static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }
}
