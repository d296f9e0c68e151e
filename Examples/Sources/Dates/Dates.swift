import ArgumentParser
import Files
import Foundation
import Layers
import Runtime
import Support
import Tensors

@main
struct Dates: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dates",
        abstract: "Teaches a Transformer to write dates and numbers in digits, and asks it.",
        discussion: """
            An encoder reads a phrase, character by character; a decoder writes what it means:

              dates                                              train and test a model, some minutes
              dates "the third of May, 1999" --model dates/model.safetensors

            Without a phrase a model is trained (or, with --model, loaded) and tested on phrases whose dates and forms \
            training never sees. Translations and the test's result go to standard output, everything else to standard \
            error. Exit status: 0 success, 1 a run that failed or a test with too few phrases exactly right, 64 wrong \
            usage, 65 bad data, 66 no such file.
            """)

    @Argument(help: "What to translate.")
    var phrases: [String] = []

    @Option(help: ArgumentHelp("A trained model's parameters, instead of training one.", valueName: "file"))
    var model: String?

    @Option(help: ArgumentHelp("Where the model and a picture of its attention are written.", valueName: "folder"))
    var out: String?

    @Option(help: "Training steps, of \(TranslatorTraining.batchSize) phrases each.")
    var steps = 4000

    @Option(help: "What the first weights and the training phrases follow from.")
    var seed: UInt64 = 1

    @Option(help: "Phrases of the test.")
    var test = 2000

    @Option(help: ArgumentHelp("Share of the test's phrases that must be exactly right.", valueName: "percent"))
    var required = 99.5

    @Option(help: "Hypotheses that the search for the best translation keeps.")
    var beamWidth = 4

    @Flag(help: "Show each translation's alternatives with their probabilities.")
    var alternatives = false

    @Flag(help: "Draw where the decoder looked.")
    var attention = false

    @Option(help: "How many threads compute; it changes no result. (default: one for each processor)")
    var threads: Int?

    static func main() { runExample() }

    func validate() throws {
        for (name, value, range) in [
            ("steps", steps, 1...1_000_000), ("test", test, 0...100_000), ("beam-width", beamWidth, 1...1000),
            ("threads", threads ?? 1, 1...256),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) is \(value), but must be from \(range.lowerBound) to \(range.upperBound).")
        }
        if !(0...100).contains(required) {
            throw ValidationError("--required is \(required), but must be a percentage from 0 to 100.")
        }
        if !phrases.isEmpty && model == nil {
            throw ValidationError("--model is missing: train one with `dates`, and name its file.")
        }
    }

    func run() throws {
        let context = ForwardContext(team: threads.map { Team(threads: $0) } ?? .shared)
        if let model {
            var translator = Translator(seed: seed)
            try translator.load(contentsOf: model)
            if phrases.isEmpty {
                try testOnHeldOut(translator, context)
            } else {
                try translate(translator, context)
            }
        } else {
            let folder = out ?? "dates"
            try makeFolder(folder)
            let translator = try train(context)
            try translator.save(to: folder + "/model.safetensors")
            try drawExample(translator, to: folder + "/attention.svg", context)
            try testOnHeldOut(translator, context)
        }
    }
}

extension Dates {
    private func train(_ context: ForwardContext) throws -> Translator {
        var training = TranslatorTraining(steps: steps, seed: seed, context: context)
        note(
            "\(training.translator.parameterCount) parameters, \(steps) steps of \(TranslatorTraining.batchSize) phrases"
        )
        var progress = Progress(steps: steps)
        while training.step < steps {
            let loss = try training.takeStep()
            progress.show(step: training.step, loss: loss)
            if !loss.isFinite {
                note("Error: the loss of step \(training.step) is \(loss). Try another --seed.")
                throw ExitCode.failure
            }
        }
        return training.translator
    }

    private func testOnHeldOut(_ translator: Translator, _ context: ForwardContext) throws {
        var heldOut = HeldOutTest(count: test)
        try heldOut.run(translator, beamWidth: beamWidth, context) { note("tested \($0) of \(test)") }
        for mistake in heldOut.mistakes {
            note("\"\(mistake.pair.source)\" is \(mistake.pair.target), not \(mistake.translation)")
        }
        let correct = test - heldOut.mistakes.count
        let percentage = 100 * Double(correct) / Double(max(test, 1))
        print("\(correct) of \(test) held-out phrases exactly right: \(percentage.rounded(2)) %")
        if test > 0 && percentage < required {
            note("Error: \(required) % must be exactly right. Train with more --steps or another --seed.")
            throw ExitCode.failure
        }
    }

    private func drawExample(_ translator: Translator, to path: String, _ context: ForwardContext) throws {
        let example = TranslationPair("Monday, the third of May, nineteen ninety-nine", "1999-05-03")
        let map = try translator.attentionMap(example, context)
        try write(map.svg, to: path)
        note("\n\(map.text)\n\nThe picture is \(path).")
    }

    private func translate(_ translator: Translator, _ context: ForwardContext) throws {
        let encoded = try phrases.map { phrase throws(InputError) in try Alphabet.source.encode(phrase: phrase) }
        if let out { try makeFolder(out) }
        for (index, beam) in translator.translate(encoded, beamWidth: beamWidth, context).enumerated() {
            let translations = beam.map { Alphabet.target.decode($0.tokens) }
            guard let best = translations.first else {
                note("The model finds no translation for \"\(phrases[index])\".")
                throw ExitCode.failure
            }
            print(best)
            if alternatives {
                for (hypothesis, translation) in zip(beam, translations) {
                    print("  \(exp(hypothesis.logProbability).rounded(4))  \(translation)")
                }
            }
            if !attention && out == nil { continue }
            let map = try translator.attentionMap(TranslationPair(phrases[index], best), context)
            if attention { print("\n\(map.text)\n") }
            if let out { try write(map.svg, to: "\(out)/attention-\(index + 1).svg") }
        }
    }
}
