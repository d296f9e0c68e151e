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

            q4 is calibrated: each weight is rounded so that it makes up for the rounding of others, as far as the model's \
            own texts tell, which it writes beforehand. A few minutes for a model of 124 million parameters. A text of the \
            kind that the model is to read does as well, for q8 too; other text than what the model is to be measured on.

              gpt2 quantize --model models/gpt2 --weights q4 --out models/gpt2-q4
              gpt2 quantize --model models/gpt2 --weights q8 --calibrate sample.txt --out models/gpt2-q8
            """)

    @OptionGroup var place: ModelPlace
    @OptionGroup var threads: ThreadOptions

    @Option(help: "The format of the weights: 32, 16, 8.5 or 4.5 bits each.")
    var weights: WeightFormat

    @Option(
        help: ArgumentHelp(
            """
            A text for q8 and q4 to be fitted to, in windows of 512 tokens or the model's context; a line that is exactly \
            <|endoftext|> separates documents.
            """, valueName: "file"))
    var calibrate: String?

    @Option(
        help: ArgumentHelp(
            "How many tokens of that text, or of the model's own, are used. (default: \(CalibrationText.defaultTokenLimit))",
            valueName: "count"))
    var calibrateTokens: Int?

    @Flag(help: "Round each weight of q4 by itself: at once, and with three or four times the loss.")
    var noCalibrate = false

    @Option(help: ArgumentHelp("The folder to write, which must be new or empty.", valueName: "folder"))
    var out: String

    @OptionGroup var output: OutputOptions

    private struct Document: Encodable {
        let model: String
        let weights: String
        let parameters: Int
        let bytes: Int
    }

    func validate() throws {
        if calibrate != nil, weights != .q8, weights != .q4 {
            throw ValidationError("--calibrate fits q8 and q4 to a text, but --weights is \(weights.rawValue).")
        }
        if noCalibrate, calibrate != nil || calibrateTokens != nil {
            throw ValidationError("--no-calibrate leaves nothing for --calibrate and --calibrate-tokens to do.")
        }
        guard let calibrateTokens else { return }
        if calibrate == nil, weights != .q4 {
            throw ValidationError("--calibrate-tokens needs a text for \(weights.rawValue): give --calibrate.")
        }
        if calibrateTokens < CalibrationText.fewestTokens {
            throw ValidationError(
                "--calibrate-tokens is \(calibrateTokens), but must be at least \(CalibrationText.fewestTokens).")
        }
    }

    private var calibration: CalibrationData? {
        get throws {
            let tokens = calibrateTokens ?? CalibrationText.defaultTokenLimit
            if let calibrate { return .text(try CalibrationText(path: calibrate, tokenLimit: tokens)) }
            return weights == .q4 && !noCalibrate ? .ownWriting(tokens: tokens) : nil
        }
    }

    func run() throws {
        Warnings.writeIfDebugBuild()
        let conversion =
            if let path = place.model { try ModelConversion(directory: path) } else {
                try StoryModel.conversion()
            }
        Warnings.write(conversion.warnings)
        let calibration = try calibration
        var line = ProgressLine()
        let start = ContinuousClock.now
        try conversion.write(weights, to: out, calibratedOn: calibration, team: threads.team) { fraction in
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
