import Files
import GPT2
import Runtime

/// minGPT's task: six digits, each 0, 1 or 2, and then the same digits in order.
///
/// As a language model sees it, "012210" is followed by "001122", and only what follows is to be learnt.
enum SortingTask {
    /// Different digits.
    static let symbols = 3
    /// Digits to sort.
    static let length = 6

    /// Every sequence of digits there is, 3 to the power of 6.
    static let allInputs: [[Int]] = (0..<length).reduce([[]]) { beginnings, _ in
        beginnings.flatMap { beginning in (0..<symbols).map { beginning + [$0] } }
    }

    /// Three quarters of them, chosen by the seed: the rest is for the test.
    static func trainingInputs(seed: UInt64) -> [[Int]] {
        var random = PhiloxGenerator(seed: seed)
        return Array(allInputs.shuffled(using: &random).prefix(allInputs.count * 3 / 4))
    }

    /// What the model reads, and what it is to say after each digit of it; -1 where that does not count.
    ///
    ///     reads    0  1  2  2  1  0  0  0  1  1  2
    ///     says    -1 -1 -1 -1 -1  0  0  1  1  2  2
    static func batch(_ inputs: [[Int]]) throws(InputError) -> (batch: ForwardBatch, targets: [Int32]) {
        var batch = ForwardBatch()
        var targets: [Int32] = []
        for input in inputs {
            let sorted = input.sorted()
            try batch.append(whole: input + sorted.dropLast())
            targets += Array(repeating: -1, count: length - 1) + sorted.map(Int32.init)
        }
        return (batch, targets)
    }
}

extension GPT2 {
    /// A model of the size that minGPT takes for the task, with fresh weights.
    static func forSorting(seed: UInt64) -> GPT2 {
        var configuration = GPT2Configuration()
        configuration.vocabularySize = SortingTask.symbols
        configuration.contextLength = 2 * SortingTask.length - 1
        (configuration.layers, configuration.heads, configuration.channels) = (3, 3, 48)
        configuration.innerChannels = 4 * configuration.channels
        configuration.tieWordEmbeddings = false
        // There is no noise in the task that dropout would keep it from learning by heart.
        (configuration.embeddingDropout, configuration.attentionDropout, configuration.residualDropout) = (0, 0, 0)
        return GPT2(configuration, seed: seed)
    }
}
