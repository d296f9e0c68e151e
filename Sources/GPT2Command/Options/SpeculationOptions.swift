import ArgumentParser
import Files
import GPT2

/// How tokens are guessed ahead, so that they come faster.
struct SpeculationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Guess up to so many tokens at once from what followed the same words before. (default: none)",
            valueName: "tokens"))
    var promptLookup: Int?

    @Option(
        help: ArgumentHelp(
            "The folder of a smaller model with the same tokenizer that guesses tokens. (default: none)",
            valueName: "folder"))
    var draftModel: String?

    @Option(
        help: ArgumentHelp(
            "Let the draft model guess up to so many tokens at once. (default: \(Speculation.draftSize))",
            valueName: "tokens"))
    var draftTokens: Int?

    func validate() throws {
        if promptLookup != nil, draftModel != nil {
            throw ValidationError("--prompt-lookup and --draft-model exclude each other: give one of them.")
        }
        if draftTokens != nil, draftModel == nil {
            throw ValidationError("--draft-tokens is for a draft model: name one with --draft-model.")
        }
        do throws(InputError) {
            if let promptLookup { try Speculation.validate(promptLookup, of: "prompt-lookup") }
            if let draftTokens { try Speculation.validate(draftTokens, of: "draft-tokens") }
        } catch {
            throw ValidationError("--\(error.description)")
        }
    }

    /// Loads the draft model, if there is one, to be held as the model is.
    func load(
        beside loaded: LoadedModel, _ options: ModelOptions
    ) throws(InputError) -> (speculation: Speculation, seconds: Double) {
        if let promptLookup { return (.promptLookup(upTo: promptLookup), 0) }
        guard let draftModel else { return (.none, 0) }
        let draft = try options.load(draftModel, team: loaded.model.team)
        return (.draft(draft.model, upTo: draftTokens ?? Speculation.draftSize), draft.seconds)
    }
}
