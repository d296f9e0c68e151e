package import Files
internal import Runtime
internal import Tensors
internal import Tokenizers

/// Times a model's forward passes.
///
/// Tokens are random ids: what they mean changes no time. A decoded token is chosen as greedy generation does.
package final class Benchmark {
    private let model: GPT2Model
    private let repetitions: Int
    private let context: ForwardContext
    private var sampler: Sampler
    private let tokens: [TokenID]
    private var batch = ForwardBatch()

    package init(_ model: GPT2Model, repetitions: Int) throws(InputError) {
        self.model = model
        self.repetitions = repetitions
        context = ForwardContext(team: model.team)
        let vocabulary = model.configuration.vocabularySize
        sampler = try Sampler(GenerationOptions(greedy: true), vocabularySize: vocabulary)
        var random = PhiloxGenerator(seed: 1)
        tokens = (0..<model.configuration.contextLength).map { _ in TokenID.random(in: 0..<vocabulary, using: &random) }
    }

    /// Reads one token and chooses the next: from then on, all weights have been touched.
    ///
    /// - Throws: ``InputError`` of kind `data` if the model gives logits that are not numbers; so does ``measure(_:)``.
    package func warmUp() throws(InputError) {
        _ = try read(length: 1, into: KVCache(for: model.network, capacity: 1))
    }

    /// Does a task once without and then with a clock.
    package func measure(_ task: BenchmarkTask) throws(InputError) -> BenchmarkMeasurement {
        let seconds =
            switch task {
            case .prompt(let length): try measurePrompt(length)
            case .decoding(let depth, let sequences, let steps): try measureDecoding(depth, sequences, steps)
            }
        return BenchmarkMeasurement(task: task, work: task.work(NetworkCost(model.network)), seconds: seconds)
    }

    private func measurePrompt(_ length: Int) throws(InputError) -> [Double] {
        let cache = KVCache(for: model.network, capacity: length)
        return try time { () throws(InputError) in
            cache.truncate(to: 0)
            _ = try read(length: length, into: cache)
        }
    }

    private func measureDecoding(_ depth: Int, _ sequences: Int, _ steps: Int) throws(InputError) -> [Double] {
        let caches = (0..<sequences).map { _ in KVCache(for: model.network, capacity: depth + steps) }
        let first = try caches.map { cache throws(InputError) in try read(length: depth, into: cache) }
        return try time { () throws(InputError) in
            for cache in caches { cache.truncate(to: depth) }
            var next = first
            for _ in 0..<steps { try decode(&next, caches) }
        }
    }

    private func time(_ body: () throws(InputError) -> Void) throws(InputError) -> [Double] {
        try body()
        let clock = ContinuousClock()
        var seconds: [Double] = []
        for _ in 0..<repetitions {
            let start = clock.now
            try body()
            seconds.append((clock.now - start) / .seconds(1))
        }
        return seconds
    }

    /// Reads a prompt as generation does, and chooses what comes after it.
    private func read(length: Int, into cache: KVCache) throws(InputError) -> TokenID {
        let prompt = tokens.prefix(length)
        let last = (length - 1) / GPT2.chunkLength * GPT2.chunkLength
        try model.network.prefill(prompt.prefix(last), into: cache, context)
        batch.removeAll()
        try batch.append(prompt.dropFirst(last), to: cache)
        let logits = model.network.logits(batch, context)
        return try logits.withUnsafeValues { row throws(InputError) in try sampler.sample(row, uniform: 0).token }
    }

    /// Gives each sequence its next token and chooses those that follow.
    private func decode(_ next: inout [TokenID], _ caches: [KVCache]) throws(InputError) {
        batch.removeAll()
        for (token, cache) in zip(next, caches) { try batch.append(CollectionOfOne(token), to: cache) }
        let logits = model.network.logits(batch, context)
        let vocabulary = model.configuration.vocabularySize
        try logits.withUnsafeValues { rows throws(InputError) in
            for sequence in next.indices {
                let row = UnsafeBufferPointer(rebasing: rows[sequence * vocabulary..<(sequence + 1) * vocabulary])
                next[sequence] = try sampler.sample(row, uniform: 0).token
            }
        }
    }
}
