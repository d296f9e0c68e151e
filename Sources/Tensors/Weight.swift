/// The matrix of a linear map or the table of an embedding, in one of the forms in which it can be held.
public enum Weight: Sendable {
    /// Repacked for the kernels once and for all: what inference uses.
    case packed(PackedMatrix)
    /// [inputs, outputs], as GPT-2's `Conv1D` stores it: y = x W. May be a parameter.
    case inputsByOutputs(Tensor)
    /// [outputs, inputs], as PyTorch's `Linear` and `Embedding` store theirs: y = x Wᵀ. May be a parameter.
    case outputsByInputs(Tensor)

    /// How many numbers go in.
    public var inputs: Int {
        switch self {
        case .packed(let matrix): matrix.inputs
        case .inputsByOutputs(let tensor): tensor.shape[0]
        case .outputsByInputs(let tensor): tensor.shape[1]
        }
    }

    /// How many come out.
    public var outputs: Int {
        switch self {
        case .packed(let matrix): matrix.outputs
        case .inputsByOutputs(let tensor): tensor.shape[1]
        case .outputsByInputs(let tensor): tensor.shape[0]
        }
    }

    /// The matrix as it was stored, where it is not packed.
    public var tensor: Tensor? {
        switch self {
        case .packed: nil
        case .inputsByOutputs(let tensor), .outputsByInputs(let tensor): tensor
        }
    }

    /// Whether every weight is a number, neither infinite nor NaN.
    public var isFinite: Bool {
        switch self {
        case .packed(let matrix): matrix.isFinite
        case .inputsByOutputs(let tensor), .outputsByInputs(let tensor): tensor.isFinite
        }
    }

    /// What it is held as.
    package var format: WeightFormat {
        if case .packed(let matrix) = self { matrix.format } else { .f32 }
    }

    /// Bytes that it takes in memory.
    package var byteCount: Int {
        switch self {
        case .packed(let matrix): matrix.byteCount
        case .inputsByOutputs(let tensor), .outputsByInputs(let tensor): 4 * tensor.shape.count
        }
    }

    /// Whether both are the same memory, as where an embedding and a head are tied.
    package func isIdentical(to other: Weight) -> Bool {
        if case .packed(let matrix) = self, case .packed(let otherMatrix) = other { return matrix === otherMatrix }
        return tensor != nil && tensor?.buffer === other.tensor?.buffer
    }

    /// W as a matrix of [inputs, outputs]; nil where it is packed.
    var view: MatrixView? {
        switch self {
        case .packed: nil
        case .inputsByOutputs(let tensor): MatrixView(tensor)
        case .outputsByInputs(let tensor): MatrixView(tensor).transposed
        }
    }
}
