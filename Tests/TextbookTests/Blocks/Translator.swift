import Layers
import Tensors

/// Two embeddings, an encoder and a decoder, and a linear head.
struct Translator: Module {
    var source: Embedding
    var target: Embedding
    var transformer: Transformer
    var head: Linear

    init(
        source: Int, target: Int, size: Int, heads: Int, encoderLayers: Int, decoderLayers: Int,
        options: TransformerLayerOptions = TransformerLayerOptions(), using generator: inout WeightGenerator
    ) {
        self.source = Embedding(source, size, using: &generator)
        self.target = Embedding(target, size, using: &generator)
        transformer = Transformer(
            size, heads: heads, encoderLayers: encoderLayers, decoderLayers: decoderLayers, options: options,
            using: &generator)
        head = Linear(size, target, using: &generator)
    }

    func callAsFunction(
        _ source: [[Int32]], _ target: [[Int32]], sourceMask: AttentionMask = .none,
        targetMask: AttentionMask = .causal, memoryMask: AttentionMask = .none, _ context: ForwardContext
    ) -> Tensor {
        let (from, to) = (self.source(source, context), self.target(target, context))
        let y = transformer(
            from, to, sourceMask: sourceMask, targetMask: targetMask, memoryMask: memoryMask, context)
        return head(y, context)
    }

    mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("source", &source)
        visitor("target", &target)
        visitor("transformer", &transformer)
        visitor("head", &head)
    }
}
