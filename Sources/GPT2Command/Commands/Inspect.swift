import ArgumentParser
import GPT2
import Inspection

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the model does with a prompt, layer by layer.",
        discussion: """
            For the prompt's last position and every layer: the norm of the residual stream, of what attention and the \
            feed-forward network add to it, the mean and deviation that the layer norms see, and what the model would say \
            if it ended there. Then, for each earlier token, the head that looks at it the most, and how much.

              gpt2 inspect "The fox said to the"
              gpt2 inspect --model models/gpt2 "The capital of France is" --format json
            """)

    @OptionGroup var prompt: PromptOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        guard let prompt = try prompt.read() else { throw PromptOptions.missing }
        let model = try model.load().model
        let inspection = try model.inspect(prompt.tokens(for: model))
        switch output.format {
        case .text: try StandardOutput.write(InspectionText(inspection, width: Terminal.width).text)
        case .json: try StandardOutput.write([UInt8](inspection.json()) + [UInt8(ascii: "\n")])
        }
    }
}
