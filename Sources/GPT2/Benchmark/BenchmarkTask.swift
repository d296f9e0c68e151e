internal import Tensors

/// One thing that a benchmark times.
package enum BenchmarkTask: Sendable, Equatable {
    /// Reading a prompt and making the logits of its last position.
    case prompt(length: Int)
    /// Giving each of several sequences so many tokens, one at a time, from where each is `depth` positions long.
    case decoding(depth: Int, sequences: Int, steps: Int)

    /// Sequences that are in one forward pass together.
    package var sequences: Int {
        switch self {
        case .prompt: 1
        case .decoding(_, let sequences, _): sequences
        }
    }

    /// The tokens that it reads or makes in all.
    package var tokens: Int {
        switch self {
        case .prompt(let length): length
        case .decoding(_, let sequences, let steps): sequences * steps
        }
    }

    package func work(_ cost: NetworkCost) -> ForwardWork {
        switch self {
        case .prompt(let length): cost.prompt(of: length)
        case .decoding(let depth, let sequences, let steps):
            cost.decoding(steps: steps, sequences: sequences, depth: depth)
        }
    }

    /// About how much memory it takes besides the weights, in bytes.
    func memory(_ configuration: GPT2Configuration) -> Double {
        let (positions, rows) =
            switch self {
            case .prompt(let length): (length, min(length, GPT2.chunkLength))
            case .decoding(let depth, _, let steps): (depth + steps, sequences)
            }
        let page = Double(KVCache.pageLength * configuration.layers * configuration.heads)
        let cache = Double(KVCache.pages(for: positions)) * page * 2 * Double((configuration.headSize + 15) / 16 * 16)
        let widths = 8 * configuration.channels + configuration.innerChannels
        let activations = Double(rows) * Double(2 * widths + configuration.vocabularySize)
        return 4 * (Double(sequences) * cache + activations)
    }
}

/// What a task took.
package struct BenchmarkMeasurement: Sendable {
    package let task: BenchmarkTask
    /// What one repetition needs at least.
    package let work: ForwardWork
    /// Of each repetition, in their order.
    package let seconds: [Double]

    package init(task: BenchmarkTask, work: ForwardWork, seconds: [Double]) {
        precondition(!seconds.isEmpty, "a task that was never done")
        self.task = task
        self.work = work
        self.seconds = seconds
    }

    /// The middle one of the repetitions, or the mean of the two middle ones.
    package var medianSeconds: Double {
        let sorted = seconds.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    package var tokensPerSecond: Double { Double(task.tokens) / medianSeconds }
    package var slowestTokensPerSecond: Double { Double(task.tokens) / (seconds.max() ?? .infinity) }
    package var fastestTokensPerSecond: Double { Double(task.tokens) / (seconds.min() ?? .infinity) }

    /// The least possible time over the median one.
    package func share(of limits: MachineLimits) -> Double { limits.seconds(for: work) / medianSeconds }
}
