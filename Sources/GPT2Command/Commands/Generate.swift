import ArgumentParser
import Files
import GPT2
import Tokenizers

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Continue a text.",
        discussion: """
            Shows the prompt and what the model writes after it. Without a prompt, on a terminal, you and the model tell a \
            story in turns.

              gpt2 generate "Once upon a time"
              gpt2 generate "Once upon a time" --seed 7 --temperature 0.9 --stats
              gpt2 generate "The fox" --greedy --stop "." --format json
              gpt2 generate - < story.txt
              gpt2 generate --model models/gpt2 --token-ids 464,3290 --max-tokens 20
              gpt2 generate --model models/gpt2-xl --draft-model models/gpt2 "The fox" --stats
            """)

    @OptionGroup var prompt: PromptOptions
    @OptionGroup(title: "Sampling") var sampling: SamplingOptions
    @OptionGroup(title: "Guessing ahead") var speculation: SpeculationOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup var output: OutputOptions

    @Option(
        help: ArgumentHelp(
            "Take from this file what it holds of the prompt, in place of computing it, and leave the prompt in it.",
            valueName: "file"))
    var promptCache: String?

    @Flag(help: "Write to standard error how long loading, the prompt and the text took.")
    var stats = false

    @Flag(help: "Colour each token by its probability, on a terminal.")
    var tint = false

    func validate() throws {
        if tint, output.format == .json {
            throw ValidationError("--tint colours text on a terminal: it has no effect with --format json.")
        }
    }

    func run() throws {
        var options = sampling.options(seed: sampling.seed ?? SamplingOptions.freshSeed())
        guard let prompt = try prompt.read() else {
            guard StandardInput.isTerminal, StandardOutput.isTerminal, output.format == .text else {
                throw PromptOptions.missing
            }
            try refuseIdleOptions()
            let loaded = try model.load()
            options.speculation = try speculation.load(beside: loaded, model).speculation
            var storyteller = try Storyteller(
                loaded.model, options, isSeedFixed: sampling.seed != nil, tint: Tint(isWanted: tint))
            return try storyteller.run()
        }
        let loaded = try model.load()
        let tokens = try prompt.tokens(for: loaded.model)
        let guessing = try speculation.load(beside: loaded, model)
        options.speculation = guessing.speculation
        let loadSeconds = loaded.seconds + guessing.seconds
        let generation = try Generation(loaded.model, prompt: tokens, options: options, promptCache: promptCache)
        let told = Result { try tell(prompt, generation, loaded.model, loadSeconds: loadSeconds) }
        // The text first: it is there, whatever hinders the saving. An interrupted one leaves its prompt all the same.
        try Interruption.deferred { try generation.savePrompt() }
        try told.get()
    }

    /// Refuses options that a story in turns leaves without effect.
    private func refuseIdleOptions() throws(InputError) {
        let reasons = [
            ("--prompt-cache", promptCache != nil, "there is no prompt to keep"),
            ("--stats", stats, "a story in turns has no statistics"),
            ("--allow-special", prompt.allowSpecial, "what you tell in turns is text, without special tokens"),
        ]
        for (option, isGiven, reason) in reasons where isGiven {
            throw InputError(.usage, reason, in: option, advice: "Give a prompt, or leave it out")
        }
    }

    /// Writes the text, and what else there is to say of it.
    private func tell(
        _ prompt: Prompt, _ generation: Generation, _ model: GPT2Model, loadSeconds: Double
    ) throws {
        let completion = try Interruption.deferred {
            switch output.format {
            case .text: try tell(prompt, generation, model.tokenizer)
            case .json: try finish(generation)
            }
        }
        guard let completion else { return }
        let isCached = promptCache != nil
        if let note = completion.note { Warnings.note(note) }
        if output.format == .json {
            try JSONOutput.write(CompletionDocument(completion, loadSeconds: loadSeconds, isCached: isCached))
        } else if sampling.seed == nil, !sampling.isGreedy {
            StandardError.line("seed: \(generation.seed)")
        }
        if stats {
            StandardError.write(Statistics(completion.timings, loadSeconds: loadSeconds, isCached: isCached).text)
        }
    }

    /// Writes the text as it comes.
    private func tell(_ prompt: Prompt, _ generation: Generation, _ tokenizer: Tokenizer?) throws -> Completion? {
        let tint = Tint(isWanted: tint)
        var writer = TextWriter(tokenizer, tint: tint)
        try writer.begin(with: prompt)
        var completion: Completion?
        do {
            while let piece = try generation.next() {
                try writer.append(piece)
                try Interruption.check()
                completion = piece.completion
            }
        } catch is Interrupted {
            try writer.end()
            throw Interrupted()
        }
        try writer.end()
        if let legend = tint.legend { try StandardOutput.line(legend) }
        return completion
    }

    private func finish(_ generation: Generation) throws -> Completion? {
        while let piece = try generation.next() {
            try Interruption.check()
            if let completion = piece.completion { return completion }
        }
        return nil
    }
}
