/// The operations that a ``Tape`` records, each with a backward pass of its own beside it.
///
/// docs/operations.md lists how each is checked; a test fails for one that is not listed or not checked.
public enum Operation: String, Sendable, CaseIterable {
    /// activation-free x W + b, plus a residual.
    case linear
    /// Rows of a table by their numbers.
    case embed
    /// a + b.
    case add
    /// x times a number.
    case scale
    /// a * b, element by element.
    case multiply
    /// An activation, element by element.
    case activate
    /// Rows to mean 0 and variance 1, times gains plus biases.
    case layerNorm
    /// Layer norm with means and deviations from elsewhere.
    case normalize
    /// Layer norm as a textbook prints it: deviation with n - 1, ε outside the root.
    case textbookLayerNorm
    /// softmax(q kᵀ scale + masks) v for each head.
    case multiHeadAttention
    /// Some elements to zero, the others larger.
    case dropout
    /// Some columns of a matrix.
    case columns
    /// Matrices side by side.
    case sideBySide
    /// Some rows of a matrix.
    case rows
    /// The mean cross-entropy of rows of logits.
    case crossEntropy
    /// A linear map and the mean cross-entropy of what it gives, in one.
    case linearCrossEntropy
    /// The sum of all elements.
    case sum
    /// Operations that are run again in the backward pass instead of keeping what they made.
    case recomputed
}
