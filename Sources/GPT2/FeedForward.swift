public import Layers
public import Tensors

/// W₂ activation(W₁ x + b₁) + b₂, for each row by itself.
public struct FeedForward: Module {
    /// c_fc, [C, F].
    public var inner: Linear
    public let activation: Activation
    /// c_proj, [F, C].
    public var output: Linear
    /// The share of the output's elements that training drops.
    let dropout: Double

    func callAsFunction(_ x: Tensor, adding residual: Tensor, layer: Int, _ context: ForwardContext) -> Tensor {
        var hidden: Tensor  // [R, F]
        if context.isTapped(.feedForwardInner, layer: layer) {
            hidden = context.activate(context.tap(.feedForwardInner, layer: layer, inner(x, context)), activation)
        } else {
            hidden = inner(x, activation: activation, context)
        }
        hidden = context.tap(.feedForwardActivated, layer: layer, hidden)
        if context.isTapped(.feedForwardOutput, layer: layer) || context.drops(dropout) {
            let kept = context.dropout(output(hidden, context), rate: dropout)
            return context.add(context.tap(.feedForwardOutput, layer: layer, kept), residual)
        }
        return output(hidden, adding: residual, context)  // [R, C]
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("c_fc", &inner)
        visitor("c_proj", &output)
    }
}
