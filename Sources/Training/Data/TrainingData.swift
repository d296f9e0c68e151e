public import Files
public import Tokenizers

/// Tokens to train with and tokens to validate with.
///
/// Where nothing else was given to validate with, the last tenth of the tokens is held out, as nanoGPT does it with
/// characters: of n tokens, the first ⌊0.9 n⌋ are for training.
public struct TrainingData: Sendable {
    public let training: TokenSequence
    public let validation: TokenSequence
    /// Nil if the files do not say: those of nanoGPT and llm.c are ids and nothing else.
    public let tokenizer: Tokenizer?

    /// The size of the vocabulary that the tokens were made with, as far as it is known.
    public var vocabularySize: Int? { tokenizer?.vocabularySize }

    init(training: TokenSequence, validation: TokenSequence, tokenizer: Tokenizer?) {
        self.training = training
        self.validation = validation
        self.tokenizer = tokenizer
    }

    /// Holds out the last tenth.
    init(splitting tokens: TokenSequence, tokenizer: Tokenizer?) {
        let trainingCount = Int(Double(tokens.count) * 0.9)
        self.init(
            training: tokens[0..<trainingCount], validation: tokens[trainingCount..<tokens.count], tokenizer: tokenizer)
    }

    /// Checks the data against a model, reading all of it once.
    ///
    /// - Parameters:
    ///   - vocabularySize: of the model.
    ///   - contextLength: how many tokens a training window has.
    /// - Throws: ``InputError`` of kind `data` for too few tokens and for ids outside the vocabulary.
    public func check(
        vocabularySize: Int, contextLength: Int
    ) throws(InputError) -> (training: TokenSequence.Summary, validation: TokenSequence.Summary) {
        try training.checkHoldsWindow(of: contextLength, "training")
        try validation.checkHoldsWindow(of: 1, "validation")
        return (
            try training.scan(vocabularySize: vocabularySize), try validation.scan(vocabularySize: vocabularySize)
        )
    }
}

// MARK: From text

extension TrainingData {
    /// What text becomes tokens with.
    public enum TokenizerChoice: Sendable {
        /// Each character of the texts is a token.
        case characters
        case tokenizer(Tokenizer)
    }

    /// Turns text files into tokens, in memory as long as they are few.
    ///
    /// Many tokens go to `folder` as ``write(toDirectory:)`` lays it out. If they are there already, because a run is taken
    /// up again, they are used as they are.
    ///
    /// - Parameters:
    ///   - paths: see ``TrainingTexts``.
    ///   - validationPaths: texts to validate with; if there are none, the last tenth of the tokens is held out.
    ///   - memoryLimit: how many bytes the tokens of each of both may take before they go to disk.
    ///   - progress: called with the part of the texts that is done, from 0 to 1.
    /// - Throws: ``InputError`` of kind `missing` for a file that cannot be read or written, `data` for texts that are empty,
    ///   not UTF-8, have characters that the tokenizer has no token for, or changed since the folder was written.
    public static func prepare(
        texts paths: [String], validationTexts validationPaths: [String] = [], tokenizer choice: TokenizerChoice,
        folder: String, memoryLimit: Int = 1 << 28, progress: (Double) -> Void = { _ in }
    ) throws(InputError) -> TrainingData {
        let sourceBytes = try totalSize(of: paths + validationPaths)
        let spill = "\(folder)/parts"
        // What a killed run left.
        try Folder.remove(spill)
        if let manifest = try PreparedTokens.manifest(in: folder) {
            guard manifest.sourceBytes == sourceBytes else {
                throw InputError(
                    .data,
                    "the tokens were made from \(manifest.sourceBytes ?? 0) bytes of text, but the text now has "
                        + "\(sourceBytes)",
                    in: folder, advice: "Restore the text, or start a new run")
            }
            return try TrainingData(directory: folder)
        }
        let texts = try TrainingTexts(paths)
        let validationTexts = validationPaths.isEmpty ? nil : try TrainingTexts(validationPaths)
        let tokenizer =
            switch choice {
            case .characters: try texts.characterTokenizer(also: validationTexts)
            case .tokenizer(let tokenizer): tokenizer
            }
        let share = Double(texts.bytes) / Double(sourceBytes)
        let tokens = try texts.tokens(tokenizer, spillingTo: "\(spill)/train", memoryLimit: memoryLimit) {
            progress(share * $0)
        }
        var data = TrainingData(splitting: tokens, tokenizer: tokenizer)
        if let validationTexts {
            let validation = try validationTexts.tokens(
                tokenizer, spillingTo: "\(spill)/val", memoryLimit: memoryLimit
            ) { progress(share + (1 - share) * $0) }
            data = TrainingData(training: tokens, validation: validation, tokenizer: tokenizer)
        }
        guard PathKind(spill) == .folder else { return data }
        try data.write(toDirectory: folder, sourceBytes: sourceBytes)
        try Folder.remove(spill)
        return try TrainingData(directory: folder)
    }

    private static func totalSize(of paths: [String]) throws(InputError) -> Int {
        var size = 0
        for path in paths { size += try MappedFile(path: path).count }
        return size
    }
}
