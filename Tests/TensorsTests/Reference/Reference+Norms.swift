import Tensors

extension Reference {
    /// gain * (x - mean) / √(variance + ε) + bias, the variance with C.
    static func layerNorm(_ x: Numbers, gain: Numbers, bias: Numbers?, epsilon: Double) -> Numbers {
        normalized(x, gain: gain, bias: bias) { mean, squares in
            (mean, 1 / (squares / Double(x.columns) + epsilon).squareRoot())
        }
    }

    /// gain * (x - mean) / (σ + ε) + bias, the deviation with C - 1.
    static func textbookLayerNorm(_ x: Numbers, gain: Numbers, bias: Numbers, epsilon: Double) -> Numbers {
        normalized(x, gain: gain, bias: bias) { mean, squares in
            (mean, 1 / ((squares / Double(x.columns - 1)).squareRoot() + epsilon))
        }
    }

    /// gain * (x - mean) * scale + bias, a mean and a scale for each row.
    static func normalize(_ x: Numbers, statistics: Numbers, gain: Numbers, bias: Numbers?) -> Numbers {
        var row = 0
        return normalized(x, gain: gain, bias: bias) { _, _ in
            defer { row += 1 }
            return (statistics[row, 0], statistics[row, 1])
        }
    }

    private static func normalized(
        _ x: Numbers, gain: Numbers, bias: Numbers?,
        _ statistics: (_ mean: Double, _ squares: Double) -> (shift: Double, scale: Double)
    ) -> Numbers {
        var y = Numbers(x.shape)
        for row in 0..<x.rows {
            let line = (0..<x.columns).map { x[row, $0] }
            let mean = line.reduce(0, +) / Double(x.columns)
            let (shift, scale) = statistics(mean, line.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
            for (column, value) in line.enumerated() {
                y[row, column] = gain.values[column] * (value - shift) * scale + (bias?.values[column] ?? 0)
            }
        }
        return y
    }
}
