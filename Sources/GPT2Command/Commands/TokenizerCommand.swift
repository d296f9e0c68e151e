import ArgumentParser

/// What there is to do with tokenizers themselves.
struct TokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer", abstract: "Make a tokenizer.", subcommands: [TrainTokenizer.self])
}
