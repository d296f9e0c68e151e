import Layers
import Tensors

/// h = norm1(attention(x, x, x) + x), y = norm2(fc(h) + x): the text adds x twice, the paper adds h the second time.
struct TransformerBlock: Module {
    var attention: MultiHeadAttention
    var fc: Linear
    var norm1: LayerNorm
    var norm2: LayerNorm
    var addsInputTwice = true

    init(_ size: Int, heads: Int, using generator: inout WeightGenerator) {
        attention = MultiHeadAttention(size, heads: heads, using: &generator)
        fc = Linear(size, size, using: &generator)
        norm1 = LayerNorm(size)
        norm2 = LayerNorm(size)
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext) -> Tensor {
        let h = norm1(attention(x, adding: x, context), context)
        return norm2(fc(h, adding: addsInputTwice ? x : h, context), context)
    }

    mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("attention", &attention)
        visitor("fc", &fc)
        visitor("norm1", &norm1)
        visitor("norm2", &norm2)
    }
}
