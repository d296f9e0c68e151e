/// The function applied to each element between the two projections of a feed-forward block.
///
/// The raw value is the name that Hugging Face configurations use in `activation_function`.
public enum Activation: String, Sendable, CaseIterable {
    /// x.
    case identity
    /// x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))): the tanh approximation of GELU, which GPT-2 was trained with.
    case geluNew = "gelu_new"
    /// x/2 (1 + erf(x/√2)): the exact Gaussian error linear unit (Hendrycks and Gimpel, arXiv:1606.08415).
    case gelu
    /// max(x, 0).
    case relu
    /// x / (1 + e⁻ˣ), also called swish.
    case silu
    /// The hyperbolic tangent.
    case tanh
}
