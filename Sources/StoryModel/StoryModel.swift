import Checkpoints
public import Files
public import GPT2
public import Runtime
import StoryModelData
public import Tensors
import Tokenizers

/// The model that ships inside this package: a GPT-2 of four million parameters that tells stories like an old
/// children's book. docs/story-model says how it was made.
///
///     let model = try StoryModel.load()
///     for try await piece in model.generate("Once upon a time") {
///         print(piece.text, terminator: "")
///     }
///
/// Its files are part of the executable, so a copied executable still has them.
public enum StoryModel {
    /// - Parameter format: what the weights are held as; nil for f16, as which they are stored.
    /// - Throws: ``InputError`` of kind `data` if the embedded files are damaged.
    public static func load(weights format: WeightFormat? = nil, team: Team = .shared) throws(InputError) -> GPT2Model {
        let place = "the story model"
        let json = try JSON.parse(bytes(story_model_configuration()), in: "config.json of \(place)")
        let configuration = try GPT2Configuration(json: json, place: "config.json of \(place)")
        return try GPT2Model(
            configuration: configuration,
            generation: GenerationConfiguration(configuration, place: place),
            weights: Weights(bytes: bytes(story_model_weights()), place: "model.safetensors of \(place)"),
            tokenizer: Tokenizer(tokenizerJSON: bytes(story_model_tokenizer()), place: "tokenizer.json of \(place)"),
            place: place, format: format, team: team)
    }

    /// The model's files, to be written in another format.
    package static func conversion() throws(InputError) -> ModelConversion {
        let place = "the story model"
        let json = try JSON.parse(bytes(story_model_configuration()), in: "config.json of \(place)")
        let configuration = try GPT2Configuration(json: json, place: "config.json of \(place)")
        return try ModelConversion(
            configuration: configuration, generation: GenerationConfiguration(configuration, place: place),
            weights: Weights(bytes: bytes(story_model_weights()), place: "model.safetensors of \(place)"),
            companions: [("tokenizer.json", [UInt8](bytes(story_model_tokenizer())))],
            tokenizer: { () throws(InputError) in
                try Tokenizer(tokenizerJSON: bytes(story_model_tokenizer()), place: "tokenizer.json of \(place)")
            })
    }

    /// The bytes are constants of the executable: they outlive every use.
    private static func bytes(_ file: story_model_file) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: file.start, count: file.count)
    }
}
