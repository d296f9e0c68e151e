package import Files
import Layers
package import Tensors

/// Where the decoder looked in the phrase while it wrote each character of the translation.
package struct AttentionMap {
    package let phrase: [Character]
    /// The characters written; nil is the end.
    package let translation: [Character?]
    /// For each character written, how much of the attention each character of the phrase had: all together 1.
    package let weights: [[Float]]

    package init(phrase: [Character], translation: [Character?], weights: [[Float]]) {
        self.phrase = phrase
        self.translation = translation
        self.weights = weights
    }
}

extension Translator {
    /// Lets the decoder write a translation again and looks on.
    ///
    /// What is seen is the cross-attention of the decoder's last layer, the mean of its heads.
    package func attentionMap(_ pair: TranslationPair, _ context: ForwardContext) throws(InputError) -> AttentionMap {
        let batch = try TranslationBatch([pair])
        let taps = Taps()
        var mean: [Float] = []
        let lastLayer = transformer.encoder.layers.count + transformer.decoder.layers.count - 1
        taps.read(TapPoint(.attentionPattern, layer: lastLayer, isCross: true)) { pattern in
            // [H, T, S]
            let heads = pattern.shape[0]
            mean = Array(repeating: 0, count: pattern.shape[1] * pattern.shape[2])
            for (index, weight) in pattern.values.enumerated() { mean[index % mean.count] += weight / Float(heads) }
        }
        var context = context
        context.taps = taps
        let memory = encode(batch.source, context)
        _ = decode(batch.target, of: batch.source, memory: memory, context)
        let length = pair.source.count
        return AttentionMap(
            phrase: Array(pair.source), translation: pair.target.map(Optional.some) + [nil],
            weights: stride(from: 0, to: mean.count, by: length).map { Array(mean[$0..<$0 + length]) })
    }
}
