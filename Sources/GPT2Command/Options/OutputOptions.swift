import ArgumentParser

/// How a result is written. Every command has this.
struct OutputOptions: ParsableArguments {
    @Option(help: "Write the result as text, or as one JSON document.")
    var format = Format.text

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }
}
