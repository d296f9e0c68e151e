import ArgumentParser
import Files
import GPT2
import Tensors

/// What a benchmark times. Lists are as 16,128, and may also be given one by one.
struct BenchmarkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How the weights are held, one format after another. (default: all, or q8 or q4 alone if stored so)",
            valueName: "list"))
    var weights: [CommaSeparated<WeightFormat>] = []

    @Option(
        help: ArgumentHelp(
            "Tokens of the prompts to read. (default: 16,128,512, as far as the context goes)", valueName: "list"))
    var promptLengths: [CommaSeparated<Int>] = []

    @Option(
        help: ArgumentHelp(
            "How many tokens stand before those that are decoded. (default: 16,256,900, as far as the context goes)",
            valueName: "list"))
    var depths: [CommaSeparated<Int>] = []

    @Option(
        help: ArgumentHelp(
            "Sequences that decode together: the first number at every depth, the others at the first. "
                + "(default: 1,4,8,16)", valueName: "list"))
    var batches: [CommaSeparated<Int>] = []

    @Option(help: "Tokens that each sequence decodes in a measurement. (default: 32, or half the context)")
    var tokens: Int?

    @Option(help: "How often each is measured; the median counts.")
    var repetitions = BenchmarkPlan().repetitions

    func validate() throws {
        do throws(InputError) {
            try plan.validate()
        } catch {
            // The places are the options' names.
            throw ValidationError("--\(error.description)")
        }
    }

    /// Nil for all that the model can be held in.
    var formats: [WeightFormat]? { weights.isEmpty ? nil : weights.flatMap(\.elements) }

    var plan: BenchmarkPlan {
        var plan = BenchmarkPlan()
        if !promptLengths.isEmpty { plan.promptLengths = promptLengths.flatMap(\.elements) }
        if !depths.isEmpty { plan.depths = depths.flatMap(\.elements) }
        if !batches.isEmpty { plan.batches = batches.flatMap(\.elements) }
        plan.tokens = tokens
        plan.repetitions = repetitions
        return plan
    }
}
