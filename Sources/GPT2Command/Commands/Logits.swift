import ArgumentParser
import Files
import GPT2
import Tensors

struct Logits: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the model's logits to a file that NumPy reads.",
        discussion: """
            The file holds float32 of shape [T, V]: for each of the T tokens, one logit for each of the V tokens that \
            could come next.

              gpt2 logits --token-ids 1,2,3 --output logits.npy
              python3 -c 'import numpy; print(numpy.load("logits.npy").argmax(axis=1))'
            """)

    @Option(
        name: .customLong("token-ids"), help: ArgumentHelp("The token ids to read.", valueName: "1,2,3"),
        transform: TokenList.init)
    var tokenIDs: TokenList

    @Option(help: ArgumentHelp("The file to write or replace.", valueName: "file.npy"))
    var output: String

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup var outputOptions: OutputOptions

    private struct Document: Encodable {
        let output: String
        let shape: [Int]
    }

    /// Rows of logits that are in memory at once.
    private static let chunk = 64

    func run() throws {
        let model = try model.load().model
        let tokens = try model.promptTokens(tokenIDs.tokens)
        let shape = [tokens.count, model.configuration.vocabularySize]
        try Interruption.deferred {
            var isInterrupted = false
            do {
                try AtomicFile.write(to: output) { writer throws(InputError) in
                    try writer.write(NumPyHeader.float32(shape: shape))
                    let cache = try model.network.cache(for: tokens.count)
                    let context = ForwardContext(team: model.team)
                    for start in stride(from: 0, to: tokens.count, by: Self.chunk) {
                        isInterrupted = isInterrupted || Interruption.take()
                        if isInterrupted { throw InputError(.data, "writing was interrupted", advice: "Start again") }
                        var batch = ForwardBatch()
                        try batch.append(tokens[start...].prefix(Self.chunk), to: cache)
                        let logits = model.network.logits(batch, rows: .all, context)
                        try logits.withUnsafeValues { values throws(InputError) in
                            try writer.write(UnsafeRawBufferPointer(values))
                        }
                    }
                }
            } catch {
                throw isInterrupted ? Interrupted() : error as any Error
            }
        }
        switch outputOptions.format {
        case .text: try StandardOutput.line("\(output): float32 [\(shape[0]), \(shape[1])]")
        case .json: try JSONOutput.write(Document(output: output, shape: shape))
        }
    }
}
