import ArgumentParser

/// The `gpt2` program.
@main
struct GPT2Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gpt2",
        abstract: "Trains GPT-2, runs it and shows what happens inside.",
        discussion: """
            A small model that tells stories is inside the program; --model takes any GPT-2 in a Hugging Face folder.

              gpt2 generate "Once upon a time"
              gpt2 generate --model models/gpt2 --max-tokens 40 "The meaning of life is"
              gpt2 inspect "The fox said to the"

            Results go to standard output, everything else to standard error. Exit status: 0 success, 1 training that \
            diverged, 64 wrong usage, 65 bad data, 66 no such file, 70 internal error, 130 interrupted, \
            143 terminated.
            """,
        version: "0.1.0",
        subcommands: [
            Generate.self, Logits.self, Tokenize.self, Detokenize.self, Info.self, Evaluate.self, Inspect.self,
            Train.self, Study.self, TokenizerCommand.self, Quantize.self,
            Bench.self,
        ])

    static func main() {
        Interruption.install()
        BrokenPipe.install()
        do {
            try PlannedCommand.refuse(CommandLine.arguments.dropFirst())
            var command = try parseAsRoot()
            try command.run()
        } catch {
            ExitStatus.exit(for: error)
        }
    }
}
