import ArgumentParser
import Files
import GPT2

/// How tokens are chosen.
struct SamplingOptions: ParsableArguments {
    @Option(help: "The most tokens to generate; the model's context may end the text earlier.")
    var maxTokens = GenerationOptions().maxTokens

    @Option(help: "Below 1 the likely tokens become likelier, above 1 less so; 0 is --greedy.")
    var temperature = GenerationOptions().temperature

    @Option(help: "Draw from the k likeliest tokens; 0 draws from all.")
    var topK = GenerationOptions().topK ?? 0

    @Option(help: "Draw from the likeliest tokens that together have this probability.")
    var topP = GenerationOptions().topP ?? 1

    @Option(help: "The same seed gives the same text. (default: a fresh one, which is reported)")
    var seed: UInt64?

    @Flag(help: "Take the likeliest token each time.")
    var greedy = false

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("End the text where this text would come. May be repeated.", valueName: "text"))
    var stop: [String] = []

    @Flag(name: .customLong("ignore-eos"), help: "Go on after the model's end-of-text token.")
    var ignoreEOS = false

    func validate() throws {
        do throws(InputError) {
            try options(seed: 0).validate()
        } catch {
            // The places are the options' names.
            throw ValidationError("--\(error.description)")
        }
    }

    func options(seed: UInt64) -> GenerationOptions {
        GenerationOptions(
            maxTokens: maxTokens, temperature: temperature, topK: topK == 0 ? nil : topK, topP: topP, seed: seed,
            greedy: greedy, stop: stop, ignoreEndOfText: ignoreEOS)
    }

    /// A seed short enough to type and exact in every JSON reader.
    static func freshSeed() -> UInt64 {
        UInt64(UInt32.random(in: .min ... .max))
    }

    /// Whether the seed makes no difference.
    var isGreedy: Bool { greedy || temperature == 0 }
}
