import ArgumentParser
import Training

/// What a model learns from.
struct TrainingDataOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Text files, UTF-8; a line that is exactly <|endoftext|> separates documents.", valueName: "file"))
    var text: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Text files to validate with. (default: the last tenth of the text)", valueName: "file"))
    var validationText: [String] = []

    @Option(
        help: ArgumentHelp(
            "A folder of token files of nanoGPT (train.bin, val.bin) or llm.c, or one such file.", valueName: "folder"))
    var tokens: String?

    @Option(
        help: ArgumentHelp("\"char\", or a folder with a tokenizer. (default: the start model's)", valueName: "folder"))
    var tokenizer: String?

    func overlay(_ plan: inout TrainingPlan) {
        if !text.isEmpty { plan.text = text }
        if !validationText.isEmpty { plan.validationText = validationText }
        if let tokens { plan.tokens = tokens }
        if let tokenizer { plan.tokenizer = tokenizer }
    }
}
