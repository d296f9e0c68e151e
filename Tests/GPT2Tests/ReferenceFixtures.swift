import Foundation
import TestSupport

/// The reference values beside these tests; `Fixtures/make_references.py` made them.
enum Fixtures {
    static func url(_ name: String) -> URL {
        (Bundle.module.resourceURL ?? Bundle.module.bundleURL).appendingPathComponent("Fixtures/\(name)")
    }

    static func reference(_ name: String) throws -> ReferenceCase {
        try ReferenceCase(contentsOf: url("\(name).json"))
    }

    /// Every small configuration, `base` first.
    static let smallNames = [
        "base", "gelu", "relu", "silu", "tanh", "inner-width", "epsilon", "unscaled-attention", "inverse-layer",
        "reorder-and-upcast", "untied", "together", "one-head", "narrow-heads", "odd-inner", "wide-heads", "long",
    ]
}

/// Figures of a whole row of logits.
struct Figures {
    let mean, rootMeanSquare, logSumExp: Double

    init(of row: [Float]) {
        let values = row.map(Double.init)
        let largest = values.max() ?? 0
        mean = values.reduce(0, +) / Double(values.count)
        rootMeanSquare = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
        logSumExp = largest + log(values.reduce(0) { $0 + exp($1 - largest) })
    }
}
