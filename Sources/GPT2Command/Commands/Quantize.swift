import ArgumentParser
import Files
import GPT2
import StoryModel
import Tensors

struct Quantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a model's folder with its weights in another format.",
        discussion: """
            The new folder is a model like any other, with its tokenizer.

              gpt2 quantize --model models/gpt2 --weights f16 --out models/gpt2-f16
              gpt2 generate --model models/gpt2-f16 "Once upon a time"
            """)

    @OptionGroup var place: ModelPlace

    @Option(help: "The format of the weights: 32, 16, 8.5 or 4.5 bits each.")
    var weights: WeightFormat

    @Option(help: ArgumentHelp("The folder to write, which must be new or empty.", valueName: "folder"))
    var out: String

    @OptionGroup var output: OutputOptions

    private struct Document: Encodable {
        let model: String
        let weights: String
        let parameters: Int
        let bytes: Int
    }

    func run() throws {
        Warnings.writeIfDebugBuild()
        let conversion =
            if let path = place.model { try ModelConversion(directory: path) } else {
                try StoryModel.conversion()
            }
        Warnings.write(conversion.warnings)
        var line = ProgressLine()
        let start = ContinuousClock.now
        try conversion.write(weights, to: out) { fraction in
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let rate = Double(conversion.parameterCount) * fraction / seconds / 1e6
            line.show(
                fraction: fraction, rate: "\(rate.short) million parameters/s",
                secondsLeft: seconds * (1 / fraction - 1))
        }
        line.end()

        let bytes = conversion.byteCount(weights)
        switch output.format {
        case .text:
            try StandardOutput.line(
                "\(out): \(conversion.parameterCount.grouped) parameters as \(weights.rawValue), \(bytes.bytes)")
        case .json:
            try JSONOutput.write(
                Document(
                    model: out, weights: weights.rawValue, parameters: conversion.parameterCount, bytes: bytes))
        }
    }
}
