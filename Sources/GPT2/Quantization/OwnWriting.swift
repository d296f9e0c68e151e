internal import Files
internal import Runtime
internal import Tensors
internal import Tokenizers

/// Texts that a model writes by itself, for its weights to be fitted to where nobody gives one.
///
/// Each token is drawn from the model's whole distribution, so that the texts are as varied as what it has learnt from (Liu
/// et al., arXiv:2305.17888, section 2.1). The same model always writes the same texts.
struct OwnWriting {
    private let network: GPT2
    private let start: TokenID?
    private let context: ForwardContext

    /// Texts that are written at the same time.
    private static let together = 16

    /// - Parameter start: what each text starts from; nil for a token drawn from all.
    init(_ network: GPT2, start: TokenID?, team: Team) {
        self.network = network
        self.start = start
        context = ForwardContext(team: team)
    }

    /// Windows of so many tokens altogether. Past an end of text another text begins in the same window.
    ///
    /// - Parameter progress: told which share of the tokens is there.
    /// - Throws: ``InputError`` of kind `data` if the model says nothing that is a number, or there is no memory for its keys
    ///   and values.
    func windows(tokens: Int, progress: (Double) -> Void) throws(InputError) -> [[TokenID]] {
        let configuration = network.configuration
        let length = CalibrationText.windowLength(configuration)
        let lengths = stride(from: 0, to: tokens, by: length).map { min(length, tokens - $0) }
        var sampler = try Sampler(
            GenerationOptions(temperature: 1, topK: nil, topP: nil), vocabularySize: configuration.vocabularySize)
        var caches: [KVCache] = []
        for _ in lengths.prefix(Self.together) { caches.append(try network.cache(for: length)) }
        var windows: [[TokenID]] = []
        var written = 0
        var batch = ForwardBatch()
        for first in stride(from: 0, to: lengths.count, by: Self.together) {
            let group = first..<min(first + Self.together, lengths.count)
            for cache in caches { cache.truncate(to: 0) }
            for window in group {
                windows.append([start ?? Int(uniform(window, 0) * Double(configuration.vocabularySize))])
            }
            written += group.count
            for position in 1..<max(length, 2) {
                let open = group.filter { lengths[$0] > position }
                if open.isEmpty { break }
                batch.removeAll()
                for window in open { try batch.append(windows[window].suffix(1), to: caches[window - first]) }
                let logits = network.logits(batch, context)
                for (row, window) in open.enumerated() {
                    let uniform = uniform(window, position)
                    let sample = try logits.withUnsafeValues { values throws(InputError) in
                        let size = configuration.vocabularySize
                        return try sampler.sample(values.extracting(row * size..<(row + 1) * size), uniform: uniform)
                    }
                    windows[window].append(sample.token)
                }
                written += open.count
                progress(Double(written) / Double(tokens))
            }
        }
        return windows
    }

    private func uniform(_ window: Int, _ position: Int) -> Double {
        Philox(seed: 0, stream: UInt64(window)).uniform(at: UInt64(position))
    }
}
