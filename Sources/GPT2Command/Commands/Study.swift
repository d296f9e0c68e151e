import ArgumentParser
import Files
import Runtime
import Tensors
import Training

struct Study: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train one small GPT-2 with five kinds of blocks, to see what norms and residual connections do.",
        discussion: """
            Pre-norm, post-norm, no residual connections, no layer norms, and neither: the same weights, the same batches. \
            The result is one page with loss curves, gradient norms by depth, activation sizes by layer, and samples.

              gpt2 study --text story.txt --out study.html
            """)

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Text files to learn from, as characters.", valueName: "file"))
    var text: [String]

    @Option(help: ArgumentHelp("The page to write.", valueName: "file.html"))
    var out: String

    @Option(help: "Transformer blocks.")
    var layers = BlockStudy.Shape().layers

    @Option(help: "The width of the residual stream; a multiple of the 4 heads.")
    var channels = BlockStudy.Shape().channels

    @Option(help: "Steps for each kind of block.")
    var steps = BlockStudy().steps

    @Option(help: "The highest learning rate.")
    var learningRate = BlockStudy().learningRate

    @Option(help: "What the weights and the batches follow from.")
    var seed: UInt64 = 1

    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputOptions

    private struct Document: Encodable {
        struct Design: Encodable {
            let design: String
            let steps: Int
            let lastLoss: Double?
            let validationLoss: Double?

            enum CodingKeys: String, CodingKey {
                case design
                case steps
                case lastLoss = "loss"
                case validationLoss = "validation_loss"
            }
        }

        let page: String
        let designs: [Design]
    }

    func validate() throws {
        for (option, value) in [("layers", layers), ("channels", channels), ("steps", steps)]
        where !(1...100_000).contains(value) {
            throw ValidationError("--\(option) is \(value), but must be from 1 to 100000.")
        }
        let heads = BlockStudy.Shape().heads
        if !channels.isMultiple(of: heads) {
            throw ValidationError("--channels is \(channels), but must be a multiple of the \(heads) heads.")
        }
        if !(learningRate > 0 && learningRate.isFinite) {
            throw ValidationError("--learning-rate is \(learningRate), but must be a number above 0.")
        }
    }

    /// Finds out what would keep the page from being written before the work is done for nothing.
    private func prepareOutput() throws(InputError) {
        guard [.absent, .file].contains(PathKind(out)) else {
            throw InputError(
                .usage, "the page cannot be written (a folder, a device or a pipe stands in its place)", in: out,
                advice: "Name a file with --out")
        }
        let folder = out.lastIndex(of: "/").map { String(out[...$0]) } ?? "."
        try Folder.create(folder)
    }

    private func readTexts() throws -> TrainingData {
        // Many tokens go to the disk and are mapped from there, which needs no names: they are removed before they are used,
        // so that nothing stays, however the program ends. Until then Ctrl-C waits.
        let tokens = "\(out).\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tokens"
        return try Interruption.deferred {
            defer { try? Folder.remove(tokens) }
            let data = try TrainingData.prepare(texts: text, tokenizer: .characters, folder: tokens)
            try Interruption.check()
            return data
        }
    }

    func run() throws {
        Warnings.writeIfDebugBuild()
        try prepareOutput()
        let data = try readTexts()
        var study = BlockStudy()
        study.shape.layers = layers
        study.shape.channels = channels
        study.steps = steps
        study.learningRate = learningRate
        study.seed = seed
        var line = ProgressLine()
        let start = ContinuousClock.now
        let designs = BlockDesign.allCases
        let records = try study.run(data, ForwardContext(team: threads.team)) { design, step, loss in
            let before = designs.firstIndex(of: design) ?? 0
            let fraction = (Double(before) + Double(step) / Double(steps)) / Double(designs.count)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            line.show(
                fraction: fraction, rate: "\(design.rawValue), loss \(loss.fixed(3))",
                secondsLeft: seconds * (1 / fraction - 1))
        }
        line.end()
        try Interruption.deferred { try AtomicFile.write(BlockStudyPage(study, records).html.utf8, to: out) }
        switch output.format {
        case .text:
            for record in records {
                let loss = record.validationLoss.isFinite ? record.validationLoss.fixed(3) : "not a number"
                try StandardOutput.line("\(record.design.rawValue): validation loss \(loss)")
            }
            try StandardOutput.line(out)
        case .json:
            try JSONOutput.write(
                Document(
                    page: out,
                    designs: records.map {
                        Document.Design(
                            design: $0.design.rawValue, steps: $0.losses.count, lastLoss: $0.losses.last,
                            validationLoss: $0.validationLoss.isFinite ? $0.validationLoss : nil)
                    }))
        }
    }
}
