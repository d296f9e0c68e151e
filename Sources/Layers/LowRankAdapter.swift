public import Tensors

/// A low-rank change to a linear map: x W + (alpha / r) x A B with A [inputs, r] and B [r, outputs] (Hu et al., "LoRA",
/// arXiv:2106.09685).
///
/// Trained in place of W, it has r (inputs + outputs) parameters. It starts as no change: B is 0. Paths and layouts are those of
/// PEFT: `lora_A.weight` [r, inputs] and `lora_B.weight` [outputs, r].
public struct LowRankAdapter: Module {
    /// A, stored [r, inputs].
    public var down: Weight
    /// B, stored [outputs, r].
    public var up: Weight
    /// alpha / r.
    public let scale: Float

    public init(down: Weight, up: Weight, scale: Float) {
        precondition(down.outputs == up.inputs, "ranks of \(down.outputs) and \(up.inputs)")
        self.down = down
        self.up = up
        self.scale = scale
    }

    /// With a fresh A, uniform within 1/√inputs, and a B of zeros.
    ///
    /// - Parameter stream: adapters of the same seed and different streams start differently.
    public init(inputs: Int, outputs: Int, rank: Int, alpha: Double, seed: UInt64, stream: UInt64) {
        let bound = 1 / Double(inputs).squareRoot()
        let a = Tensor.uniform(Shape(rank, inputs), in: -bound..<bound, seed: seed, stream: stream)
        self.init(
            down: .outputsByInputs(a.asParameter),
            up: .outputsByInputs(Tensor.zeros(Shape(outputs, rank)).asParameter), scale: Float(alpha / Double(rank)))
    }

    public var rank: Int { down.outputs }

    /// What is added to the map's output for `x`, plus `base`.
    func callAsFunction(_ x: Tensor, addingTo base: Tensor, _ context: ForwardContext) -> Tensor {
        context.linear(context.scale(context.linear(x, down), by: scale), up, adding: base)
    }

    /// W + (alpha / r) A B, in the layout of `weight`; nil where that is packed.
    func merged(into weight: Weight, _ context: ForwardContext) -> Weight? {
        guard let a = down.tensor, let b = up.tensor else { return nil }
        let plain = context.withoutTape
        switch weight {
        case .packed: return nil
        // [outputs, inputs] = (alpha / r) B A + W: the rows of B are what goes in.
        case .outputsByInputs(let w):
            let sum = plain.linear(plain.scale(b, by: scale), .inputsByOutputs(a), adding: w)
            return .outputsByInputs(sum.reshaped(w.shape).detached)
        case .inputsByOutputs(let w):
            let change = plain.transposed(plain.linear(plain.scale(b, by: scale), .inputsByOutputs(a)))
            return .inputsByOutputs(plain.add(change, w.asConstant).detached)
        }
    }

    public mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("lora_A.weight", &down)
        visitor("lora_B.weight", &up)
    }
}
