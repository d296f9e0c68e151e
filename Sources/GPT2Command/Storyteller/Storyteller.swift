import Files
import GPT2
import Tokenizers

/// Tells a story with you, in turns, on a terminal.
struct Storyteller {
    private let model: GPT2Model
    private let tokenizer: Tokenizer
    private let tint: Tint
    private var options: GenerationOptions
    /// Whether you chose the seed; if not, each story has a new one.
    private var isSeedFixed: Bool
    private var story: Story
    private var editor = LineEditor(mark: "> ")

    /// - Throws: ``InputError`` of kind `usage` if the model has no tokenizer.
    init(_ model: GPT2Model, _ options: GenerationOptions, isSeedFixed: Bool, tint: Tint) throws(InputError) {
        guard let tokenizer = model.tokenizer else {
            throw InputError(
                .usage, "the model has no tokenizer, so it cannot tell stories", in: model.source.place,
                advice: "Pass --token-ids, or put tokenizer.json, or vocab.json and merges.txt, into the folder")
        }
        self.model = model
        self.tokenizer = tokenizer
        self.tint = tint
        self.options = options
        self.isSeedFixed = isSeedFixed
        story = Story(tokenizer)
    }

    /// Runs until you leave.
    mutating func run() throws {
        let terminal = TerminalMode()
        try say("Begin a story, and I go on. Enter alone lets me go on too. /help says what else there is.")
        if let legend = tint.legend { try StandardOutput.line(legend) }
        // A second Ctrl-C must not end the program either: the terminal would stay silent.
        try Interruption.deferred(secondEnds: false) {
            while try takeTurn(terminal) {}
        }
    }

    /// - Returns: whether there is another turn.
    private mutating func takeTurn(_ terminal: borrowing TerminalMode) throws -> Bool {
        do {
            switch try editor.read(terminal) {
            case .end: return false
            case .cancelled: try say("/quit or Ctrl-D leaves.")
            case .line(let line):
                guard let command = try StoryCommand(line) else {
                    try tell(after: line)
                    return true
                }
                if command == .quit { return false }
                try perform(command)
            }
        } catch let error as InputError {
            try say(error.description)
        }
        return true
    }

    private mutating func perform(_ command: StoryCommand) throws {
        switch command {
        case .help: try say(StoryCommand.overview)
        case .new: try beginAnew()
        case .quit: break
        case .seed(let seed):
            options.seed = seed
            isSeedFixed = true
        case .temperature(let temperature):
            var changed = options
            changed.temperature = temperature
            try changed.validate()
            options = changed
        }
    }

    private mutating func beginAnew() throws {
        story = Story(tokenizer)
        if !isSeedFixed { options.seed = SamplingOptions.freshSeed() }
        try say("A new story.")
    }

    /// Goes on with the story, after what you told, until it is long enough or you press Ctrl-C.
    private mutating func tell(after line: String) throws {
        if story.isFinished { try beginAnew() }
        story.append(line)
        let contextLength = model.configuration.contextLength
        var options = options
        options.maxTokens = min(options.maxTokens, max(contextLength / 2, 1))
        let prompt = story.prompt(contextLength: contextLength, room: options.maxTokens)
        let generation = try Generation(model, prompt: prompt, options: options)
        _ = Interruption.take()
        while !Interruption.take(), let piece = try generation.next() {
            try StandardOutput.write(tint.colored(piece.text.harmless, probability: piece.probability))
            story.append(piece.token, piece.text)
            if piece.completion?.finishReason == .endOfText { story.finish() }
        }
        try StandardOutput.write("\n")
        if story.isFinished { try say("The end. (seed \(generation.seed))") }
    }

    /// Says something that is not part of the story.
    private func say(_ text: String) throws {
        try StandardOutput.line(Terminal.faint(text.harmless))
    }
}
