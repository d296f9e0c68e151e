import GPT2
import Tensors

/// What a benchmark found.
struct BenchmarkReport {
    /// A format of the weights.
    struct Format {
        let weights: WeightFormat
        let loadSeconds: Double
        /// From the beginning of loading until the first token is known.
        let firstTokenSeconds: Double
        /// Of the weights that each forward pass reads.
        let weightBytes: Int
        /// What the process holds after the first token; nil for all formats but the first, after which memory of the one
        /// before may count too, and where the system does not say.
        let residentBytes: Int?
        let measurements: [BenchmarkMeasurement]
    }

    let model: String
    let parameters: Int
    let threads: Int
    let repetitions: Int
    let limits: MachineLimits
    let formats: [Format]
}

extension BenchmarkTask {
    var name: String {
        switch self {
        case .prompt(let length): "prompt of \(length)"
        case .decoding(let depth, _, _): "decode at \(depth)"
        }
    }
}
