public import ArgumentParser
import Files
import GPT2
import Runtime
import StoryModel
public import Tensors
import Tokenizers

/// Which model, and how it is held. Every command that runs a model has these.
struct ModelOptions: ParsableArguments {
    @OptionGroup var place: ModelPlace

    @OptionGroup var threads: ThreadOptions

    @Option(
        help: """
            How the weights are held: fewer bits are faster, less exact. (default: f16, q8 or q4 if stored so, else f32)
            """)
    var weights: WeightFormat?

    /// Loads the model and writes its warnings.
    func load() throws(InputError) -> LoadedModel {
        Warnings.writeIfDebugBuild()
        return try load(place.model, team: threads.team)
    }

    /// Loads a folder, or the story model where there is none, and writes its warnings.
    func load(_ path: String?, team: Team) throws(InputError) -> LoadedModel {
        let loaded = try LoadedModel(path, weights: weights, team: team)
        Warnings.write(loaded.model.warnings)
        return loaded
    }
}

struct LoadedModel {
    let model: GPT2Model
    /// What loading took.
    let seconds: Double

    /// - Parameter path: a folder; nil for the story model.
    init(_ path: String?, weights: WeightFormat?, team: Team) throws(InputError) {
        let clock = ContinuousClock()
        let start = clock.now
        model =
            if let path { try GPT2Model(directory: path, weights: weights, team: team) } else {
                try StoryModel.load(weights: weights, team: team)
            }
        seconds = (clock.now - start) / .seconds(1)
    }
}

/// Which model; enough for commands that need its tokenizer only.
struct ModelPlace: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A folder as Hugging Face lays it out, with config.json and model.safetensors. (default: the story model)",
            valueName: "folder"))
    var model: String?

    func loadTokenizer() throws(InputError) -> Tokenizer {
        if let model { return try Tokenizer(directory: model) }
        guard let tokenizer = try StoryModel.load().tokenizer else {
            throw InputError(.usage, "the story model has no tokenizer", advice: "Name a model with --model")
        }
        return tokenizer
    }
}

extension WeightFormat: ExpressibleByArgument {}
