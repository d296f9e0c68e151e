import Layers
import Tensors

/// An embedding, an encoder stack with a causal mask, and a linear head.
struct LanguageModel: Module {
    var embedding: Embedding
    var transformer: TransformerEncoder
    var head: Linear

    init(
        vocabulary: Int, size: Int, heads: Int, layers: Int,
        options: TransformerLayerOptions = TransformerLayerOptions(), using generator: inout WeightGenerator
    ) {
        embedding = Embedding(vocabulary, size, using: &generator)
        transformer = TransformerEncoder(size, heads: heads, layers: layers, options: options, using: &generator)
        head = Linear(size, vocabulary, using: &generator)
    }

    func callAsFunction(_ tokens: [[Int32]], _ context: ForwardContext) -> Tensor {
        head(transformer(embedding(tokens, context), mask: .causal, context), context)
    }

    mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("embedding", &embedding)
        visitor("transformer", &transformer)
        visitor("head", &head)
    }
}
