internal import Files
internal import GPT2
internal import Runtime
internal import Tokenizers

extension TrainingPlan {
    /// The tokens to train and to validate with, and what checkpoints carry of their tokenizer.
    struct PreparedData {
        let data: TrainingData
        /// Nil where neither the token files nor the start model has one.
        let tokenizer: Tokenizer?
        let tokenizerFiles: TrainingCheckpoint.Companions
    }

    /// - Parameter folder: where many tokens go.
    func prepareData(
        start: StartModel?, folder: String, progress: (Double) -> Void
    ) throws(InputError) -> PreparedData {
        if let tokens { return try readData(tokens, start: start) }
        let data = try TrainingData.prepare(
            texts: text, validationTexts: validationText, tokenizer: tokenizerChoice(start: start), folder: folder,
            progress: progress)
        return prepared(data, start: start)
    }

    private func tokenizerChoice(start: StartModel?) throws(InputError) -> TrainingData.TokenizerChoice {
        switch (tokenizer, start) {
        case ("char", nil): return .characters
        case ("char", let start?):
            // Characters of other texts would have other numbers.
            guard let tokenizer = start.tokenizer, tokenizer.isCharacterLevel else {
                throw InputError(
                    .usage, "the model to start from was not trained on characters", in: "--tokenizer",
                    advice: "Leave --tokenizer out to use the model's, or name a tokenizer's folder")
            }
            return .tokenizer(tokenizer)
        case (let folder?, _): return .tokenizer(try Tokenizer(directory: folder))
        case (nil, let start):
            guard let tokenizer = start?.tokenizer else {
                throw InputError(
                    .usage, "there is no tokenizer to turn the texts into tokens with",
                    advice: start == nil
                        ? "Give --tokenizer char, a tokenizer's folder (\"gpt2 tokenizer train\" makes one), or --init"
                        : "Name the folder of the tokenizer that the model was trained with, with --tokenizer")
            }
            return .tokenizer(tokenizer)
        }
    }

    /// Reads token files. Where they come without a tokenizer, it is the plan's, or else the start model's.
    private func readData(_ tokens: String, start: StartModel?) throws(InputError) -> PreparedData {
        var data = try TrainingData(directory: tokens)
        // Presets say "char" of texts.
        let folder = tokenizer == "char" ? nil : tokenizer
        let named = try folder.map { folder throws(InputError) in try Tokenizer(directory: folder) }
        if let made = data.tokenizer, let wanted = named ?? start?.tokenizer, !made.hasSameTokens(as: wanted) {
            throw InputError(
                .data, "the tokens were made with another tokenizer than that of \(folder ?? start?.path ?? "")",
                in: tokens, advice: "Give --text in place of --tokens, or token files of that tokenizer")
        }
        if data.tokenizer == nil, let named {
            data = TrainingData(training: data.training, validation: data.validation, tokenizer: named)
        }
        return prepared(data, start: start)
    }

    private func prepared(_ data: TrainingData, start: StartModel?) -> PreparedData {
        // A tokenizer that was named goes before the start model's.
        if tokenizer == nil || tokenizer == "char", let start, let own = start.tokenizer {
            return PreparedData(data: data, tokenizer: own, tokenizerFiles: start.tokenizerFiles)
        }
        var files = tokenizer == nil ? start?.tokenizerFiles ?? [] : []
        files += data.tokenizer?.files ?? []
        return PreparedData(data: data, tokenizer: data.tokenizer, tokenizerFiles: files)
    }

    /// The network to train: the start model's, or a fresh one.
    func makeModel(_ data: TrainingData, start: StartModel?, team: Team) throws(InputError) -> GPT2 {
        let configuration: GPT2Configuration
        if let start { configuration = start.configuration } else { configuration = try freshConfiguration(data) }
        guard context <= configuration.contextLength else {
            throw InputError(
                .usage, "--context is \(context), but the model has \(configuration.contextLength) positions",
                in: start?.path, advice: "Give a context of at most \(configuration.contextLength)")
        }
        var memory = TrainingMemory()
        // Frozen weights have neither gradients nor means.
        memory.weights = Double(configuration.parameterCount) * (loraRank == nil ? 16 : 4)
        memory.addActivations(
            rows: batchSize * context, layers: configuration.layers, channels: configuration.channels,
            recompute: recompute)
        try memory.check(advice: "Free memory, give a smaller --batch-size or --recompute, or train a smaller model")
        guard let start else { return GPT2(configuration, seed: seed) }
        let model = try GPT2(trainable: start.path, dropout: dropout, team: team)
        let broken = model.nonFiniteTensors
        guard broken.isEmpty else {
            throw InputError(
                .data, "\(broken.count) tensors hold weights that are infinite or not numbers: \(broken.listed)",
                in: start.path, advice: "Start from another model")
        }
        return model
    }

    private func freshConfiguration(_ data: TrainingData) throws(InputError) -> GPT2Configuration {
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
        return configuration
    }
}
