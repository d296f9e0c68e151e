import ArgumentParser
import Training

/// The model that is trained.
struct TrainingModelOptions: ParsableArguments {
    @Option(name: .customLong("init"), help: ArgumentHelp("A model's folder to start from.", valueName: "folder"))
    var initial: String?

    @Option(help: "Transformer blocks of a fresh model.")
    var layers: Int?

    @Option(help: "Attention heads of each block; they divide the channels.")
    var heads: Int?

    @Option(help: "The width of the residual stream.")
    var channels: Int?

    @Option(help: "Tokens of a training sequence, and positions of a fresh model.")
    var context: Int?

    @Option(help: "The vocabulary of a fresh model, where token files come without a tokenizer.")
    var vocabSize: Int?

    @Option(help: "The share of elements that training drops.")
    var dropout: Double?

    @Option(help: "Train low-rank adapters of this rank instead of the weights (LoRA); with --init.")
    var loraRank: Int?

    @Option(help: "Adapters count alpha / rank times.")
    var loraAlpha: Double?

    @Option(parsing: .upToNextOption, help: "The layers that get adapters, by the ends of their names.")
    var loraTargets: [String] = []

    func overlay(_ plan: inout TrainingPlan) {
        if let initial { plan.initial = initial }
        if let layers { plan.layers = layers }
        if let heads { plan.heads = heads }
        if let channels { plan.channels = channels }
        if let context { plan.context = context }
        if let vocabSize { plan.vocabularySize = vocabSize }
        if let dropout { plan.dropout = dropout }
        if let loraRank { plan.loraRank = loraRank }
        if let loraAlpha { plan.loraAlpha = loraAlpha }
        if !loraTargets.isEmpty { plan.loraTargets = loraTargets }
    }
}
