package import Checkpoints
public import Files
public import Runtime
internal import Synchronization
public import Tensors
public import Tokenizers

/// A GPT-2 with its tokenizer, ready to generate.
///
///     let model = try GPT2Model(directory: "models/gpt2")
///     for try await piece in model.generate("Once upon a time") {
///         print(piece.text, terminator: "")
///     }
public final class GPT2Model: Sendable {
    /// The network.
    public let network: GPT2
    /// Turns text into tokens and back; nil where the model came without one, and then only token ids go in and out.
    public let tokenizer: Tokenizer?
    /// The ids that end a text; those of generation_config.json go before those of config.json.
    public let endOfText: Set<TokenID>
    /// The id that starts a text, as the files say. Empty prompts start from the end-of-text token.
    public let beginOfText: TokenID?
    /// What the user should know about the files: tensors that nobody uses, weights that are not numbers, and so on.
    public let warnings: [String]
    /// Who computes.
    public let team: Team
    /// What the files held.
    public let source: Source

    /// What the files of a model held, before the weights were repacked.
    public struct Source: Sendable {
        /// The folder's path, or a name for a model that is not in files.
        public let place: String
        /// Element types of the stored weights and how many tensors have each.
        public let storedTypes: [String: Int]

        /// - Throws: ``InputError`` of kind `usage` if weights are stored quantised in another format: what was rounded away
        ///   does not come back.
        package func checkHoldable(as format: WeightFormat) throws(InputError) {
            for stored in WeightFormat.allCases
            where stored.isQuantized && stored != format && storedTypes[stored.rawValue] != nil {
                throw InputError(
                    .usage, "the weights are stored as \(stored.rawValue) and cannot be held as \(format.rawValue)",
                    in: place, advice: "Leave --weights out, or name the model that they were made of")
            }
        }
    }

    public var configuration: GPT2Configuration { network.configuration }

    /// ``fingerprint``, once somebody has asked for it.
    let knownFingerprint = Mutex<UInt64?>(nil)

    /// Loads a folder as Hugging Face lays it out: config.json, model.safetensors (or shards with their index), and
    /// perhaps generation_config.json, tokenizer.json, vocab.json and merges.txt.
    ///
    /// - Parameter format: what the weights are held as; nil for what they are stored as where that is f16, q8 or q4, else
    ///   for f32.
    /// - Throws: ``InputError`` of kind `missing` if a file is not there, `data` if one is damaged or is not a GPT-2, `usage`
    ///   if its weights cannot be held in the format.
    public convenience init(
        directory path: String, weights format: WeightFormat? = nil, team: Team = .shared
    ) throws(InputError) {
        let directory = try ModelDirectory(path)
        let place = directory.file("config.json")
        // A large vocabulary takes one thread about as long as the weights take all.
        let tokenizer = Meanwhile {
            Result { () throws(InputError) in directory.hasTokenizer ? try Tokenizer(directory: path) : nil }
        }
        let configuration = try GPT2Configuration(json: directory.configuration(), place: place)
        try self.init(
            configuration: configuration,
            generation: GenerationConfiguration(
                configuration, json: directory.generationConfiguration(),
                place: directory.file("generation_config.json")),
            weights: directory.weights(), tokenizer: tokenizer.get().get(), place: path, format: format, team: team)
    }

    package init(
        configuration: GPT2Configuration, generation: GenerationConfiguration, weights: Weights,
        tokenizer makeTokenizer: @autoclosure () throws(InputError) -> Tokenizer?, place: String,
        format: WeightFormat? = nil, team: Team
    ) throws(InputError) {
        var warnings = generation.warnings
        let checkpoint = try GPT2Checkpoint(weights, configuration)
        warnings += checkpoint.warnings
        source = Source(place: place, storedTypes: checkpoint.storedTypes)
        if let format { try source.checkHoldable(as: format) }
        network = try GPT2(checkpoint, configuration, format: format ?? checkpoint.ownFormat, team: team)
        let broken = network.nonFiniteTensors
        if !broken.isEmpty {
            warnings.append(
                "\(place): \(broken.count) tensors hold weights that are infinite or not numbers, so what the model says "
                    + "may mean nothing: \(broken.listed)")
        }
        let tokenizer = try makeTokenizer()
        if let tokenizer, tokenizer.vocabularySize > configuration.vocabularySize {
            warnings.append(
                "\(place): the tokenizer knows \(tokenizer.vocabularySize) tokens and the model "
                    + "\(configuration.vocabularySize): texts with the others are refused")
        }
        self.tokenizer = tokenizer
        self.team = team
        self.warnings = warnings
        endOfText = generation.endOfText
        beginOfText = generation.beginOfText ?? generation.endOfText.min()
        returnFreedMemory()
    }

    /// A model made of a network in memory, as one that is being trained; its configuration says how texts end.
    public init(network: GPT2, tokenizer: Tokenizer?, team: Team = .shared) {
        let vocabulary = 0..<network.configuration.vocabularySize
        self.network = network
        self.tokenizer = tokenizer
        self.team = team
        warnings = []
        endOfText = network.configuration.endOfText.filter(vocabulary.contains)
        beginOfText =
            network.configuration.beginOfText.flatMap { vocabulary.contains($0) ? $0 : nil } ?? endOfText.min()
        source = Source(place: "the model in memory", storedTypes: [:])
    }
}
