public import Files
internal import Tokenizers

/// Folders of token files.
///
/// Ours have train.bin and val.bin in one of ``TokenFormat``'s formats, tokenizer.json, and, written last, meta.json:
///
///     {"kind": "swift-gpt2 tokens", "version": 1, "token_bits": 16, "vocabulary_size": 65, "training_tokens": 1003854, …}
package enum PreparedTokens {
    static let kind = "swift-gpt2 tokens"

    /// What meta.json says.
    package struct Manifest {
        let format: TokenFormat
        let vocabularySize: Int
        let trainingTokens: Int
        let validationTokens: Int
        /// The size of the texts that the tokens were made from.
        let sourceBytes: Int?
    }

    /// - Returns: nil if the folder has no meta.json.
    static func manifest(in folder: String) throws(InputError) -> Manifest? {
        let path = "\(folder)/meta.json"
        guard PathKind(path) == .file else { return nil }
        return try manifest(JSON.read(path), in: path)
    }

    package static func manifest(_ json: JSON, in place: String) throws(InputError) -> Manifest {
        let fields = try JSONFields(json, in: place)
        guard try fields.string("kind") == kind else {
            throw fields.invalid("kind", "must be \(kind.quoted)", advice: "Name a folder of token files")
        }
        guard try fields.integer("version") == 1 else {
            throw fields.invalid("version", "must be 1", advice: "Use the version of this program that wrote it")
        }
        let bits = try fields.integer("token_bits")
        guard bits == 16 || bits == 32 else { throw fields.invalid("token_bits", "must be 16 or 32") }
        func count(_ key: String) throws(InputError) -> Int {
            let count = try fields.integer(key)
            guard count >= 0 else { throw fields.invalid(key, "is \(count), but must not be negative") }
            return count
        }
        return Manifest(
            format: bits == 16 ? .nanoGPT : .llmCWide, vocabularySize: try count("vocabulary_size"),
            trainingTokens: try count("training_tokens"), validationTokens: try count("validation_tokens"),
            sourceBytes: try fields.optionalInteger("source_bytes"))
    }

    static func shard(
        _ name: String, _ format: TokenFormat, tokens: Int, in folder: String
    ) throws(InputError) -> TokenShard {
        let shard = try TokenShard(path: "\(folder)/\(name)", format: format)
        guard shard.count == tokens else {
            throw InputError(
                .data, "the file has \(shard.count) tokens, but meta.json says \(tokens)", in: shard.place,
                advice: "Prepare the folder again")
        }
        return shard
    }
}

extension TrainingData {
    /// Writes a folder that ``init(directory:)`` reads, and nanoGPT too where ids have 16 bits.
    ///
    /// - Throws: ``InputError`` of kind `missing` if it cannot be written, `usage` if the data has no tokenizer.
    public func write(toDirectory folder: String) throws(InputError) {
        try write(toDirectory: folder, sourceBytes: nil)
    }

    func write(toDirectory folder: String, sourceBytes: Int?) throws(InputError) {
        guard let tokenizer else {
            throw InputError(
                .usage, "the tokens have no tokenizer to be written with them", in: folder,
                advice: "Copy the token files as they are")
        }
        let size = tokenizer.vocabularySize
        let format = TokenFormat.fitting(vocabularySize: size)
        try Folder.create(folder)
        // Without the manifest the folder counts as unfinished.
        try Folder.remove("\(folder)/meta.json")
        try format.write(training, vocabularySize: size, to: "\(folder)/train.bin")
        try format.write(validation, vocabularySize: size, to: "\(folder)/val.bin")
        try AtomicFile.write(tokenizer.tokenizerJSON, to: "\(folder)/tokenizer.json")
        let source = sourceBytes.map { ", \"source_bytes\": \($0)" } ?? ""
        let manifest = """
            {"kind": \(PreparedTokens.kind.jsonEscaped), "version": 1, "token_bits": \(format.bytesPerToken * 8), \
            "vocabulary_size": \(size), "training_tokens": \(training.count), \
            "validation_tokens": \(validation.count)\(source)}

            """
        try AtomicFile.write(manifest.utf8, to: "\(folder)/meta.json")
    }

    /// Reads token files: a folder of ours, one of nanoGPT's or llm.c's, or a single file.
    ///
    /// In a folder without our meta.json, files ending in `.bin` are taken whose names have the word train or val in them,
    /// as in `train.bin`, `tiny_shakespeare_val.bin` and `fineweb_train_000001.bin`; those of a kind follow one another in
    /// the order of their names. Without anything to validate with, the last tenth is held out.
    ///
    /// - Throws: ``InputError`` of kind `missing` if there is nothing to read, `data` for a file that is faulty.
    public init(directory path: String) throws(InputError) {
        if PathKind(path) == .file {
            self.init(splitting: TokenSequence([try TokenShard(path: path)]), tokenizer: nil)
            return
        }
        let tokenizer = Tokenizer.hasFiles(in: path) ? try Tokenizer(directory: path) : nil
        if let manifest = try PreparedTokens.manifest(in: path) {
            let format = manifest.format
            if let tokenizer, tokenizer.vocabularySize != manifest.vocabularySize {
                throw InputError(
                    .data,
                    "the tokenizer has \(tokenizer.vocabularySize) tokens, but meta.json says "
                        + "\(manifest.vocabularySize)",
                    in: path, advice: "Prepare the folder again")
            }
            self.init(
                training: TokenSequence([
                    try PreparedTokens.shard("train.bin", format, tokens: manifest.trainingTokens, in: path)
                ]),
                validation: TokenSequence([
                    try PreparedTokens.shard("val.bin", format, tokens: manifest.validationTokens, in: path)
                ]), tokenizer: tokenizer)
            return
        }
        let names = try Folder.names(in: path).filter { $0.hasSuffix(".bin") }
        func tokens(_ words: Set<String>) throws(InputError) -> TokenSequence {
            var shards: [TokenShard] = []
            for name in names where !words.isDisjoint(with: Self.words(of: name)) {
                shards.append(try TokenShard(path: "\(path)/\(name)"))
            }
            return TokenSequence(shards)
        }
        let training = try tokens(["train", "training"])
        guard training.count > 0 else {
            throw InputError(
                .missing, "there is no token file to train with", in: path,
                advice: "Name a folder with train.bin and val.bin, or a file of token ids")
        }
        let validation = try tokens(["val", "valid", "validation"])
        if validation.count > 0 {
            self.init(training: training, validation: validation, tokenizer: tokenizer)
        } else {
            self.init(splitting: training, tokenizer: tokenizer)
        }
    }

    private static func words(of name: String) -> [String] {
        name.split { !$0.isLetter && !$0.isNumber }.map { $0.lowercased() }
    }
}
