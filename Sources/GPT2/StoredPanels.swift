internal import Checkpoints
internal import Tensors

/// Weights that a file holds as panels for the kernels, which are used where they lie.
///
/// Kernels.h has the layout of a panel. The format's name at the end of a tensor's name stands for the layout too: another
/// layout would be another name.
struct StoredPanels {
    private let weights: Weights
    private static let formats = [WeightFormat.q8, .q4]

    init(_ weights: Weights) { self.weights = weights }

    static func name(_ name: String, _ format: WeightFormat) -> String { "\(name).\(format.rawValue)" }

    /// The format in which a tensor is stored as panels; nil where it is stored as floats or not at all.
    func format(of name: String) -> WeightFormat? {
        weights.contains(name) ? nil : Self.formats.first { weights.contains(Self.name(name, $0)) }
    }

    /// Whether a tensor is there, in whatever form.
    func contains(_ name: String) -> Bool { weights.contains(name) || format(of: name) != nil }

    /// What the file must hold.
    static func panels(_ name: String, _ format: WeightFormat, inputs: Int, outputs: Int) -> ExpectedTensor {
        ExpectedTensor(
            Self.name(name, format), shape: [(outputs + 15) / 16, format.panelBytes(inputs: inputs)], types: [.u8])
    }
}
