import ArgumentParser
import Files
import GPT2
import Tokenizers

/// What the model goes on from.
struct PromptOptions: ParsableArguments {
    @Argument(help: "The text to start from; - reads it from standard input, byte for byte.")
    var prompt: String?

    @Option(
        name: .customLong("token-ids"),
        help: ArgumentHelp("Token ids to start from, instead of a text.", valueName: "1,2,3"),
        transform: TokenList.init)
    var tokenIDs: TokenList?

    @Flag(help: "Take special tokens that are spelled out in the text, as <|endoftext|>, for tokens.")
    var allowSpecial = false

    func validate() throws {
        if prompt != nil, tokenIDs != nil {
            throw ValidationError("A prompt and --token-ids exclude each other: give one of them.")
        }
        if allowSpecial, tokenIDs != nil {
            throw ValidationError("--allow-special is for a text: with --token-ids every token is given as it is.")
        }
    }

    /// For a command that needs a prompt.
    static let missing = InputError(
        .usage, "there is no prompt", advice: "Give a text, - to read it from standard input, or --token-ids")

    /// The prompt, read from where it is; nil if there is none.
    func read() throws(InputError) -> Prompt? {
        if let tokenIDs { return .tokens(tokenIDs.tokens) }
        guard let prompt else { return nil }
        return .text(prompt == "-" ? try StandardInput.readAll() : Array(prompt.utf8), allowSpecial: allowSpecial)
    }
}

/// A prompt, before a model looks at it.
enum Prompt {
    /// Any bytes.
    case text([UInt8], allowSpecial: Bool)
    case tokens([TokenID])

    /// - Throws: ``InputError`` of kind `usage` for a text if the model has no tokenizer, `data` for a character that has no
    ///   token.
    func tokens(for model: GPT2Model) throws(InputError) -> [TokenID] {
        switch self {
        case .tokens(let tokens): return tokens
        case .text(let bytes, let allowSpecial):
            guard let tokenizer = model.tokenizer else {
                throw InputError(
                    .usage, "the model has no tokenizer, so it cannot read text", in: model.source.place,
                    advice: "Pass --token-ids, or put tokenizer.json, or vocab.json and merges.txt, into the folder")
            }
            return try tokenizer.encodeExactly(bytes, in: "prompt", allowSpecial: allowSpecial)
        }
    }
}
