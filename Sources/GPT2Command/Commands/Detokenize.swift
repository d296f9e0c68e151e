import ArgumentParser
import Files
import Tokenizers

struct Detokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn token ids back into bytes.",
        discussion: """
            Writes the bytes as they are, with a newline after them on a terminal only. In JSON, "text" is the bytes as \
            UTF-8, with U+FFFD for what is not, and "bytes" are all of them.

              gpt2 detokenize 1,2,3
              gpt2 tokenize - < story.txt | gpt2 detokenize -
            """)

    @Argument(help: ArgumentHelp("The ids; - reads them from standard input.", valueName: "1,2,3"))
    var tokens: String

    @OptionGroup(title: "Model") var place: ModelPlace
    @OptionGroup var output: OutputOptions

    private struct Document: Encodable {
        let text: String
        let bytes: [UInt8]
    }

    func run() throws {
        let list = tokens == "-" ? String(decoding: try StandardInput.readAll(), as: UTF8.self) : tokens
        let bytes = try place.loadTokenizer().decode(TokenList(list).tokens)
        switch output.format {
        case .text:
            try StandardOutput.write(bytes)
            if StandardOutput.isTerminal { try StandardOutput.write("\n") }
        case .json:
            try JSONOutput.write(Document(text: String(decoding: bytes, as: UTF8.self), bytes: bytes))
        }
    }
}
