/// How a Transformer block is put together from its two parts, attention and feed-forward network.
public enum BlockDesign: String, Sendable, CaseIterable {
    /// x + part(norm(x)), as GPT-2 has it.
    case preNorm = "pre-norm"
    /// norm(x + part(x)), as the Transformer of 2017 has it.
    case postNorm = "post-norm"
    /// part(norm(x)).
    case noResidual = "no residual"
    /// x + part(x).
    case noNorm = "no norm"
    /// part(x).
    case neither

    /// The design as a formula.
    public var formula: String {
        switch self {
        case .preNorm: "x + f(norm(x))"
        case .postNorm: "norm(x + f(x))"
        case .noResidual: "f(norm(x))"
        case .noNorm: "x + f(x)"
        case .neither: "f(x)"
        }
    }

    /// Whether a norm stands before the head: where none stands at the end of the last block, unless there is none at all.
    var hasFinalNorm: Bool { self == .preNorm || self == .noResidual }
}
