import Layers
import Tensors

/// softmax(q kᵀ / √D) v in H heads of D channels, and a projection of what they found.
struct AttentionBlock: Module {
    let heads: Int
    var query: Linear
    var key: Linear
    var value: Linear
    /// nil where the text leaves it out.
    var output: Linear?

    init(_ size: Int, heads: Int, hasOutput: Bool = true, using generator: inout WeightGenerator) {
        self.heads = heads
        query = Linear(size, size, using: &generator)
        key = Linear(size, size, using: &generator)
        value = Linear(size, size, using: &generator)
        output = hasOutput ? Linear(size, size, using: &generator) : nil
    }

    func callAsFunction(
        query q: Tensor, key k: Tensor, value v: Tensor, mask: AttentionMask = .none, _ context: ForwardContext
    ) -> Tensor {
        let found = context.scaledDotProductAttention(
            query: query(q, context), key: key(k, context), value: value(v, context), heads: heads, mask: mask)
        return output?(found, context) ?? found
    }

    mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("query", &query)
        visitor("key", &key)
        visitor("value", &value)
        visitor("output", &output)
    }
}

/// Attention in which queries, keys and values come from the same sequence.
struct SelfAttention: Module {
    var attention: AttentionBlock

    func callAsFunction(_ x: Tensor, mask: AttentionMask = .none, _ context: ForwardContext) -> Tensor {
        attention(query: x, key: x, value: x, mask: mask, context)
    }

    mutating func visit(_ visitor: inout ModuleVisitor) { attention.visit(&visitor) }
}
