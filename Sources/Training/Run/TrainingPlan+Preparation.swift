internal import Checkpoints
internal import Files
internal import GPT2
internal import Runtime
internal import Tokenizers

extension GPT2Model {
    /// A model's folder to start training from.
    struct Start {
        let path: String
        let tokenizer: Tokenizer?
        /// The files of its tokenizer as they are, which checkpoints carry on.
        let tokenizerFiles: TrainingCheckpoint.Companions

        init(_ path: String) throws(InputError) {
            self.path = path
            let directory = try ModelDirectory(path)
            tokenizer = directory.hasTokenizer ? try Tokenizer(directory: path) : nil
            var files: TrainingCheckpoint.Companions = []
            for name in [
                "tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "generation_config.json",
            ]
            where PathKind(directory.file(name)) == .file {
                files.append((name, [UInt8](try MappedFile(path: directory.file(name)).bytes)))
            }
            tokenizerFiles = files
        }
    }
}

extension TrainingPlan {
    /// The tokens to train and to validate with.
    func prepareData(
        initial: GPT2Model.Start?, folder: String, progress: (Double) -> Void
    ) throws(InputError) -> TrainingData {
        if let tokens {
            return try TrainingData(directory: tokens)
        }
        let choice: TrainingData.TokenizerChoice
        if tokenizer == "char", initial == nil {
            choice = .characters
        } else if let tokenizer, tokenizer != "char" {
            choice = .tokenizer(try Tokenizer(directory: tokenizer))
        } else if let tokenizer = initial?.tokenizer {
            choice = .tokenizer(tokenizer)
        } else {
            throw InputError(
                .usage, "there is no tokenizer to turn the texts into tokens with",
                advice: "Give --tokenizer char, a tokenizer's folder (\"gpt2 tokenizer train\" makes one), or --init")
        }
        return try TrainingData.prepare(
            texts: text, validationTexts: validationText, tokenizer: choice, folder: folder, progress: progress)
    }

    /// The network to train: the start model's, or a fresh one.
    func makeModel(_ data: TrainingData, initial: GPT2Model.Start?, team: Team) throws(InputError) -> GPT2 {
        if let initial {
            let model = try GPT2(trainable: initial.path, dropout: dropout, team: team)
            guard context <= model.configuration.contextLength else {
                throw InputError(
                    .usage, "--context is \(context), but the model has \(model.configuration.contextLength) positions",
                    in: initial.path, advice: "Give a context of at most \(model.configuration.contextLength)")
            }
            return model
        }
        var configuration = GPT2Configuration()
        configuration.layers = layers
        configuration.heads = heads
        configuration.channels = channels
        configuration.innerChannels = 4 * channels
        configuration.contextLength = context
        configuration.vocabularySize = data.vocabularySize ?? vocabularySize ?? configuration.vocabularySize
        let end = data.tokenizer == nil ? 50256 : data.tokenizer?.endOfText
        let known = end.flatMap { $0 < configuration.vocabularySize ? $0 : nil }
        configuration.beginOfText = known
        configuration.endOfText = known.map { [$0] } ?? []
        configuration.embeddingDropout = dropout
        configuration.attentionDropout = dropout
        configuration.residualDropout = dropout
        try configuration.validate()
        let bytes = configuration.parameterCount * 16
        guard canAllocate(byteCount: bytes) else {
            throw InputError(
                .data,
                "the weights, their gradients and the optimizer need \(bytes / 1_000_000) MB of memory, which the "
                    + "system does not give", advice: "Free memory, or train a smaller model")
        }
        return GPT2(configuration, seed: seed)
    }
}
