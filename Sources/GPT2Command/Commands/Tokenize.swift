import ArgumentParser
import Tokenizers

struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn text into token ids.",
        discussion: """
            The ids come as 1,2,3, which detokenize and --token-ids read.

              gpt2 tokenize "Once upon a time"
              gpt2 tokenize - --format json < story.txt
            """)

    @Argument(help: "The text; - reads it from standard input, byte for byte.")
    var text: String

    @Flag(help: "Take special tokens that are spelled out in the text, as <|endoftext|>, for tokens.")
    var allowSpecial = false

    @OptionGroup(title: "Model") var place: ModelPlace
    @OptionGroup var output: OutputOptions

    private struct Document: Encodable {
        let tokens: [TokenID]
    }

    func run() throws {
        let bytes = text == "-" ? try StandardInput.readAll() : Array(text.utf8)
        let tokens = try place.loadTokenizer().encodeExactly(bytes, in: "text", allowSpecial: allowSpecial)
        switch output.format {
        case .text: try StandardOutput.line(tokens.list)
        case .json: try JSONOutput.write(Document(tokens: tokens))
        }
    }
}
