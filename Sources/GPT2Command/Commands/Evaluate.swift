import ArgumentParser
import GPT2

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how well the model predicts a text.",
        discussion: """
            A window as long as the model's context slides over the text, and each token is scored once. A line that is \
            exactly <|endoftext|> separates documents. Loss is in nats a token; bits per byte divides by the bytes of the \
            file, so that models with different vocabularies compare.

              gpt2 evaluate --text story.txt
              gpt2 evaluate --model models/gpt2 --text story.txt --stride 256 --format json
            """)

    @Option(help: ArgumentHelp("The text to predict.", valueName: "file"))
    var text: String

    @Option(help: "How far the window moves, in tokens. (default: half the context)")
    var stride: Int?

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup var output: OutputOptions

    private struct Document: Encodable {
        let loss: Double
        let perplexity: Double
        let bitsPerByte: Double
        let tokens: Int
        let bytes: Int
        let protocolDescription: String

        enum CodingKeys: String, CodingKey {
            case loss
            case perplexity
            case bitsPerByte = "bits_per_byte"
            case tokens
            case bytes
            case protocolDescription = "protocol"
        }
    }

    func validate() throws {
        if let stride, stride < 1 {
            throw ValidationError("--stride is \(stride), but must be at least 1 and at most the model's context.")
        }
    }

    func run() throws {
        let model = try model.load().model
        var line = ProgressLine()
        let evaluation = try model.evaluate(textFile: text, stride: stride) { progress in
            line.show(
                fraction: progress.fraction, rate: "\(progress.tokensPerSecond.short) tokens/s",
                secondsLeft: progress.secondsLeft)
        }
        line.end()
        switch output.format {
        case .text:
            try StandardOutput.write(
                """
                loss:          \(evaluation.loss.fixed(4))
                perplexity:    \(evaluation.perplexity.fixed(3))
                bits_per_byte: \(evaluation.bitsPerByte.fixed(4))
                tokens:        \(evaluation.tokens)
                bytes:         \(evaluation.bytes)
                protocol:      \(evaluation.protocolDescription)

                """)
        case .json:
            try JSONOutput.write(
                Document(
                    loss: evaluation.loss, perplexity: evaluation.perplexity, bitsPerByte: evaluation.bitsPerByte,
                    tokens: evaluation.tokens, bytes: evaluation.bytes,
                    protocolDescription: evaluation.protocolDescription))
        }
    }
}
