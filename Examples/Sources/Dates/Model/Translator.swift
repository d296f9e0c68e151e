package import Layers
package import Tensors

/// The encoder–decoder Transformer of "Attention is all you need" between two alphabets.
///
/// B phrases of S characters go in, and B translations of T characters as far as they are known; for each character of
/// them comes out what follows it.
package struct Translator: Module {
    package static let channels = 64
    package static let heads = 4
    package static let layers = 2

    var source: Embedding
    var target: Embedding
    var positions = SinusoidalPositions()
    var transformer: Transformer
    var head: Linear

    /// With fresh weights.
    package init(seed: UInt64) {
        var generator = WeightGenerator(seed: seed)
        source = Embedding(Alphabet.source.count, Self.channels, using: &generator)
        target = Embedding(Alphabet.target.count, Self.channels, using: &generator)
        // Norms first train without much care; the mapping is exact, so there is nothing that dropout would help against.
        let options = TransformerLayerOptions(innerChannels: 4 * Self.channels, dropout: 0, normFirst: true)
        transformer = Transformer(
            Self.channels, heads: Self.heads, encoderLayers: Self.layers, decoderLayers: Self.layers, options: options,
            using: &generator)
        head = Linear(Self.channels, Alphabet.target.count, using: &generator)
    }

    /// What the encoder makes of phrases, [B, S, C]: made once, read at every step of the decoder.
    func encode(_ phrases: [[Int32]], _ context: ForwardContext) -> Tensor {
        let x = positions(source(phrases, context), context)
        return transformer.encoder(x, mask: paddingMask(phrases), context)
    }

    /// What may follow each character of the translations, [B, T, target alphabet].
    func decode(_ translations: [[Int32]], of phrases: [[Int32]], memory: Tensor, _ context: ForwardContext) -> Tensor {
        let y = positions(target(translations, context), context)
        let hidden = transformer.decoder(
            y, memory: memory, mask: .causal, memoryMask: paddingMask(phrases), firstLayer: Self.layers, context)
        return head(hidden, context)
    }

    /// The mean cross-entropy of the translations' characters, in nats, each predicted from the true ones before it.
    package func loss(_ batch: TranslationBatch, _ context: ForwardContext) -> Tensor {
        let memory = encode(batch.source, context)
        let logits = decode(batch.target, of: batch.source, memory: memory, context)
        return context.crossEntropy(logits, targets: batch.expected)
    }

    /// Nobody looks at what only fills up.
    private func paddingMask(_ phrases: [[Int32]]) -> AttentionMask {
        AttentionMask(padding: phrases.map { $0.map { $0 == Alphabet.padding } })
    }

    package mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("source", &source)
        visitor("target", &target)
        visitor("transformer", &transformer)
        visitor("head", &head)
    }
}
