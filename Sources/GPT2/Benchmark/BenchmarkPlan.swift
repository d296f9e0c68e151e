package import Files
internal import Runtime

/// What a benchmark times: prompts of some lengths, and decoding at some depths and with some numbers of sequences together.
package struct BenchmarkPlan: Sendable {
    /// Tokens of each prompt; nil for 16, 128 and 512, as far as the context goes.
    package var promptLengths: [Int]?
    /// How long sequences are when decoding starts; nil for 16, 256 and 900, as far as the context goes.
    package var depths: [Int]?
    /// Sequences that decode together: the first number at each depth, the others at the first depth.
    package var batches = [1, 4, 8, 16]
    /// Tokens that each sequence gets in a repetition; nil for 32, or half the context if that is less.
    package var tokens: Int?
    package var repetitions = 3

    package init() {}

    /// - Throws: ``InputError`` of kind `usage` whose place is the option that makes no sense for any model.
    package func validate() throws(InputError) {
        func check(_ values: [Int], _ limit: Int, _ option: String) throws(InputError) {
            for value in values where !(1...limit).contains(value) {
                throw InputError(
                    .usage, "\(value) is not from 1 to \(limit)", in: option, advice: "Give numbers in that range")
            }
        }
        try check(promptLengths ?? [], GPT2Configuration.maximumContext, "prompt-lengths")
        try check(depths ?? [], GPT2Configuration.maximumContext, "depths")
        try check(batches, 1024, "batches")
        try check(tokens.map { [$0] } ?? [], GPT2Configuration.maximumContext, "tokens")
        try check([repetitions], 1000, "repetitions")
    }

    /// The tasks for a model, and what was left out because the model's context is too short.
    ///
    /// - Throws: ``InputError`` of kind `usage` if something that was asked for does not fit the context, or needs more memory
    ///   than there is.
    package func tasks(
        for configuration: GPT2Configuration
    ) throws(InputError) -> (tasks: [BenchmarkTask], notes: [String]) {
        try validate()
        let context = configuration.contextLength
        if let tokens, tokens >= context {
            throw InputError(
                .usage, "\(tokens) tokens after at least one are too many (the context is \(context))", in: "tokens",
                advice: "Give a number below the context")
        }
        let steps = tokens ?? max(1, min(32, context / 2))
        var notes: [String] = []
        let lengths = try fit(
            promptLengths, else: [16, 128, 512], upTo: context, "prompt-lengths",
            reason: "the context is \(context)", &notes)
        let depths = try fit(
            depths, else: [16, 256, 900], upTo: context - steps, "depths",
            reason: "the context is \(context), and \(steps) tokens follow", &notes)
        var tasks = lengths.map { BenchmarkTask.prompt(length: $0) }
        if let sequences = batches.first, let depth = depths.first {
            tasks += depths.map { .decoding(depth: $0, sequences: sequences, steps: steps) }
            tasks += batches.dropFirst().map { .decoding(depth: depth, sequences: $0, steps: steps) }
        }
        try checkMemory(tasks, configuration)
        return (tasks, notes)
    }

    /// The values that were asked for, which must fit; or those defaults that do, with the limit in place of the others.
    private func fit(
        _ values: [Int]?, else defaults: [Int], upTo limit: Int, _ option: String, reason: String,
        _ notes: inout [String]
    ) throws(InputError) -> [Int] {
        if let values {
            if let value = values.first(where: { $0 > limit }) {
                throw InputError(
                    .usage, "\(value) is too many tokens (\(reason))", in: option,
                    advice: "Give numbers up to \(limit)")
            }
            return values
        }
        let fitting = defaults.filter { $0 <= limit }
        if fitting.count == defaults.count { return defaults }
        let end = limit > (fitting.last ?? 0) ? [limit] : []
        notes.append(
            "\(option): \(defaults.dropFirst(fitting.count).map(String.init).joined(separator: ", ")) left out"
                + (end.isEmpty ? "" : ", \(limit) in place") + " (\(reason))")
        return fitting + end
    }

    private func checkMemory(_ tasks: [BenchmarkTask], _ configuration: GPT2Configuration) throws(InputError) {
        for task in tasks {
            let bytes = task.memory(configuration)
            let fits = Int(exactly: bytes.rounded()).map { count in
                canAllocate(byteCount: count) && Processor.availableBytes.map { count < $0 } ?? true
            }
            if fits != true {
                let size = "\(Int(min(bytes, 1e18)) / 1_000_000) MB of memory, which the system does not give"
                throw InputError(
                    .usage, "\(task.sequences) sequences of so many tokens need \(size)", in: "batches",
                    advice: "Give smaller numbers of sequences, or of tokens")
            }
        }
    }
}
