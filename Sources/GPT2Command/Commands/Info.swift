import ArgumentParser
import GPT2

struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a model is made of.",
        discussion: """
            Draws the architecture with the shape, the parameters and the bytes in memory of each part, and says what the \
            files held.

              gpt2 info
              gpt2 info --model models/gpt2 --format json
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let model = try model.load().model
        switch output.format {
        case .text: try StandardOutput.write(ModelDescription(model).text)
        case .json: try JSONOutput.write(ModelDocument(model))
        }
    }
}
