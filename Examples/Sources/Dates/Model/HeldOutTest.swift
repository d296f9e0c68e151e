import Files
import Runtime
import Tensors

/// How many phrases a translator gets exactly right whose dates or numbers, and whose forms, it was never trained on.
struct HeldOutTest {
    let pairs: [TranslationPair]
    private(set) var mistakes: [(pair: TranslationPair, translation: String)] = []

    /// - Parameter count: how many different phrases; the same ones each time.
    init(count: Int) {
        var random = PhiloxGenerator(seed: 0, stream: 1)
        var found: Set<TranslationPair> = []
        var pairs: [TranslationPair] = []
        while pairs.count < count {
            let pair = TranslationPair.random(heldOut: true, using: &random)
            if found.insert(pair).inserted { pairs.append(pair) }
        }
        self.pairs = pairs
    }

    /// - Parameter progress: told how many phrases are done.
    mutating func run(
        _ translator: Translator, beamWidth: Int, _ context: ForwardContext, progress: (Int) -> Void
    ) throws(InputError) {
        for start in stride(from: 0, to: pairs.count, by: Self.batchSize) {
            let batch = pairs[start..<min(start + Self.batchSize, pairs.count)]
            let phrases = try batch.map { pair throws(InputError) in try Alphabet.source.encode(pair.source) }
            for (pair, beam) in zip(batch, translator.translate(phrases, beamWidth: beamWidth, context)) {
                let translation = Alphabet.target.decode(beam.first?.tokens ?? [])
                if translation != pair.target { mistakes.append((pair, translation)) }
            }
            if batch.endIndex.isMultiple(of: 512) || batch.endIndex == pairs.count { progress(batch.endIndex) }
        }
    }

    private static let batchSize = 64
}
