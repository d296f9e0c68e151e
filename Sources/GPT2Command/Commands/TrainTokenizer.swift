import ArgumentParser
import Files
import Tokenizers

struct TrainTokenizer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Make a tokenizer from text.",
        discussion: """
            Byte-level byte-pair encoding, as GPT-2 has it, with the merges that Hugging Face tokenizers learns. The text \
            is UTF-8, as long as you like; a line that is exactly <|endoftext|> separates documents. The folder gets a \
            tokenizer.json, which Hugging Face reads too.

              gpt2 tokenizer train --text story.txt --vocab-size 4096 --out story-tokenizer
              gpt2 tokenize --model story-tokenizer "Once upon a time"
            """)

    @Option(parsing: .upToNextOption, help: ArgumentHelp("The text files to learn from.", valueName: "file"))
    var text: [String]

    @Option(help: "How many tokens to make; 256 for the bytes and one for <|endoftext|> are among them.")
    var vocabSize: Int

    @Option(help: ArgumentHelp("The folder for tokenizer.json; made if it is not there.", valueName: "folder"))
    var out: String

    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputOptions

    private struct Document: Encodable {
        let tokenizer: String
        let vocabularySize: Int
        let merges: Int
        let documents: Int
        let bytes: Int
        let seconds: Double

        enum CodingKeys: String, CodingKey {
            case tokenizer
            case vocabularySize = "vocabulary_size"
            case merges
            case documents
            case bytes
            case seconds
        }
    }

    func validate() throws {
        if vocabSize < TokenizerTrainer.smallestVocabulary {
            throw ValidationError(
                "--vocab-size is \(vocabSize), but must be at least \(TokenizerTrainer.smallestVocabulary): "
                    + "256 bytes and <|endoftext|>.")
        }
    }

    func run() throws {
        Warnings.writeIfDebugBuild()
        let clock = ContinuousClock()
        let start = clock.now
        let sizes = try text.map { path throws(InputError) in try MappedFile(path: path).count }
        // Before the work begins, so that it is not done for nothing.
        try Tokenizer.prepareForWriting(out, advice: "Name another folder with --out")

        var trainer = try TokenizerTrainer(vocabularySize: vocabSize, team: threads.team)
        try readText(into: &trainer, sizes: sizes)
        guard trainer.documents > 0 else {
            throw InputError(
                .data, "there is no text to train with", in: text.joined(separator: ", "),
                advice: "Give a text that is not empty")
        }
        let tokenizer = try learnMerges(trainer)
        try Interruption.deferred { try tokenizer.write(toDirectory: out) }

        try report(tokenizer, trainer, seconds: (clock.now - start) / .seconds(1))
    }

    private func report(_ tokenizer: Tokenizer, _ trainer: TokenizerTrainer, seconds: Double) throws {
        let size = tokenizer.vocabularySize
        let merges = size - TokenizerTrainer.smallestVocabulary
        if size < vocabSize {
            Warnings.note("the text has no more to merge: the vocabulary has \(size) tokens, not \(vocabSize)")
        }
        let path = "\(out)/tokenizer.json"
        switch output.format {
        case .text:
            let documents = "\(trainer.documents.grouped) document\(trainer.documents == 1 ? "" : "s")"
            try StandardOutput.line(
                "\(path): \(size.grouped) tokens, \(merges.grouped) of them by merges, from \(documents) "
                    + "in \(trainer.bytes.bytes)")
        case .json:
            try JSONOutput.write(
                Document(
                    tokenizer: path, vocabularySize: size, merges: merges, documents: trainer.documents,
                    bytes: trainer.bytes, seconds: seconds))
        }
    }

    private func readText(into trainer: inout TokenizerTrainer, sizes: [Int]) throws(InputError) {
        let all = Double(sizes.reduce(0, +))
        var line = ProgressLine()
        let start = ContinuousClock.now
        var before = 0.0
        for (path, size) in zip(text, sizes) {
            try trainer.add(textFile: path) { fraction in
                let read = before + fraction * Double(size)
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                line.show(
                    fraction: read / all, rate: "counting words, \((read / seconds / 1e6).short) MB/s",
                    secondsLeft: seconds * (all / read - 1))
            }
            before += Double(size)
        }
        line.end()
    }

    private func learnMerges(_ trainer: TokenizerTrainer) throws(InputError) -> Tokenizer {
        var line = ProgressLine()
        let start = ContinuousClock.now
        let merges = Double(vocabSize - TokenizerTrainer.smallestVocabulary)
        let tokenizer = try trainer.train { fraction in
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            line.show(
                fraction: fraction, rate: "\((fraction * merges / seconds).short) merges/s",
                secondsLeft: seconds * (1 / fraction - 1))
        }
        line.end()
        return tokenizer
    }
}
