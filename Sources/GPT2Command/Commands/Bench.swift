import ArgumentParser

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how fast the model is, beside what this machine allows.",
        discussion: """
            Reads prompts and decodes, at several depths and with several sequences at once, in each format of the weights. \
            Each figure stands beside the bytes and the floating-point operations that it needs at least, and the share that \
            it reaches of what the memory and the processor do at best, measured in the same run.

              gpt2 bench
              gpt2 bench --model models/gpt2 --weights q8,q4 --depths 16,900 --batches 1,16
              gpt2 bench --prompt-lengths 128 --repetitions 5 --format json
            """)

    @OptionGroup(title: "Model") var place: ModelPlace
    @OptionGroup(title: "Model") var threads: ThreadOptions

    @OptionGroup(title: "Measurements") var options: BenchmarkOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        Warnings.writeIfDebugBuild()
        var run = BenchmarkRun(options.plan, of: place, team: threads.team)
        let report = try run.report(options.formats)
        switch output.format {
        case .text: try StandardOutput.write(BenchmarkText(report).text)
        case .json: try JSONOutput.write(BenchmarkDocument(report))
        }
    }
}
