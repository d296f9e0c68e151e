public import Files
public import Runtime

/// Makes a tokenizer of GPT-2's kind from text: byte-level byte-pair encoding.
///
/// The merges are those that Hugging Face tokenizers learns from the same documents. The tokens 0 to 255 are the bytes, in
/// the order in which GPT-2 has them; the merges follow; `<|endoftext|>` is the last one.
///
///     var trainer = try TokenizerTrainer(vocabularySize: 8192)
///     try trainer.add(textFile: "stories.txt")
///     let tokenizer = try trainer.train()
///     try tokenizer.write(toDirectory: "stories-tokenizer")
///
/// Only the distinct words of the text are kept in memory. Results do not depend on the number of threads.
///
/// Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units" (2016), and Hugging Face
/// tokenizers' `BpeTrainer`, whose way to break ties this is.
public struct TokenizerTrainer: Sendable {
    /// The bytes and `<|endoftext|>`: the smallest vocabulary there is.
    public static let smallestVocabulary = 257

    /// The most tokens that the vocabulary will have.
    public let vocabularySize: Int
    /// How many documents were added that are not empty.
    public private(set) var documents = 0
    /// How many bytes of documents were added, and of the lines that separate them.
    public private(set) var bytes = 0

    private let team: Team
    /// What each thread has counted.
    private var counts: [PieceCounts]

    /// - Parameters:
    ///   - vocabularySize: how many tokens the vocabulary will have if the text has enough to merge; 257 or more. The bytes
    ///     and `<|endoftext|>` are among them.
    ///   - team: who counts.
    /// - Throws: ``InputError`` of kind `usage` for a smaller vocabulary.
    public init(vocabularySize: Int, team: Team = .shared) throws(InputError) {
        guard vocabularySize >= Self.smallestVocabulary else {
            throw InputError(
                .usage,
                "the vocabulary's size is \(vocabularySize), but must be at least \(Self.smallestVocabulary): 256 bytes and <|endoftext|>",
                advice: "Ask for some thousand tokens")
        }
        self.vocabularySize = vocabularySize
        self.team = team
        counts = Array(repeating: PieceCounts(), count: team.threads)
    }

    // MARK: Text

    /// Adds a document. `<|endoftext|>` in it is text.
    public mutating func add(document: String) {
        var document = document
        document.withUTF8 { text in
            guard !text.isEmpty else { return }
            counts[0].count(text)
            documents += 1
            bytes += text.count
        }
    }

    /// Adds the documents of a text file. A line that is exactly `<|endoftext|>` separates documents and belongs to none.
    ///
    /// - Parameters:
    ///   - path: a text file in UTF-8, perhaps larger than memory.
    ///   - progress: called on the calling thread with the part of the file that is done, from 0 to 1.
    /// - Throws: ``InputError`` of kind `missing` if the file cannot be read, `data` if it is not UTF-8; what was read of it
    ///   then remains added.
    public mutating func add(textFile path: String, progress: (Double) -> Void = { _ in }) throws(InputError) {
        let file = try MappedFile(path: path)
        documents += try TextCounting.count(file, into: &counts, team: team) {
            progress(Double($0) / Double(file.count))
        }
        bytes += file.count
    }

    // MARK: Training

    /// Learns the merges.
    ///
    /// - Parameter progress: called with the part of the merges that are learnt, from 0 to 1.
    /// - Returns: a tokenizer that has fewer tokens than asked for if the text has no more to merge.
    /// - Throws: ``InputError`` of kind `data` if there is no text, or too much of it to number its distinct words.
    public func train(progress: (Double) -> Void = { _ in }) throws(InputError) -> Tokenizer {
        var pieces = PieceCounts()
        for part in counts { pieces.add(part) }
        guard pieces.distinct > 0 else {
            throw InputError(.data, "there is no text to train with", advice: "Give a text that is not empty")
        }
        let alphabet = ByteLevelAlphabet()
        var learner = try MergeLearner(pieces, byteTokens: alphabet.ranks)
        let limit = vocabularySize - Self.smallestVocabulary
        while learner.merges.count < limit, learner.learnNext() {
            progress(Double(learner.merges.count) / Double(limit))
        }
        return Tokenizer(try Self.vocabulary(learner, alphabet))
    }

    private static func vocabulary(
        _ learner: MergeLearner, _ alphabet: ByteLevelAlphabet
    ) throws(InputError) -> Vocabulary {
        var source = VocabularySource()
        for byte in alphabet.bytesByRank {
            let text = source.append(alphabet.text(of: byte))
            source.entries.append(.init(text: text, id: source.entries.count))
        }
        for merge in learner.merges {
            let (left, right) = (source.entries[Int(merge.left)].text, source.entries[Int(merge.right)].text)
            source.merges.append(.init(left: left, right: right))
            let text = source.append(Array(source.bytes[left] + source.bytes[right]))
            source.entries.append(.init(text: text, id: source.entries.count))
        }
        let end = source.append(Vocabulary.endOfTextName.utf8)
        source.added.append(.init(text: end, id: source.entries.count, isSpecial: true))
        let place = "the trained vocabulary"
        var builder = VocabularyBuilder(source, place: place, mergesPlace: place) { "merge \($0 + 1)" }
        return try builder.build()
    }
}
