internal import Runtime

extension ForwardContext {
    /// Layer normalisation as a textbook prints it: gain * (x - mean) / (σ + ε) + bias, σ² the sum of squares divided by
    /// C - 1. Standard layer norm, ``layerNorm(_:gain:bias:epsilon:)``, divides by C and puts ε inside the root.
    ///
    /// In plain loops and double precision: a thing to compare with, not one to train large models with.
    ///
    /// - Parameters:
    ///   - x: [..., C], C at least 2.
    ///   - gain, bias: [C].
    /// - Returns: [..., C].
    public func textbookLayerNorm(_ x: Tensor, gain: Tensor, bias: Tensor, epsilon: Double) -> Tensor {
        let channels = x.shape[-1]
        checkNorm(x, gain: gain, bias: bias)
        precondition(channels >= 2, "a deviation needs at least two channels, not \(channels)")
        let y = tensor(x.shape)
        for row in 0..<x.rows {
            let line = NormalizedRow(x.floats + row * channels, count: channels, epsilon: epsilon)
            for i in 0..<channels {
                y.floats[row * channels + i] = Float(Double(gain.floats[i]) * line.value(i) + Double(bias.floats[i]))
            }
        }
        if tape == nil { return y }
        return record(.textbookLayerNorm, y, from: x, gain, bias) { dy, pass in
            let context = pass.context
            let (dx, dgain, dbias) = (context.tensor(x.shape), context.tensor(gain.shape), context.tensor(bias.shape))
            var sums = [SIMD2<Double>](repeating: .zero, count: channels)
            for row in 0..<x.rows {
                let line = NormalizedRow(x.floats + row * channels, count: channels, epsilon: epsilon)
                let gradient = dy.floats + row * channels
                var (sum, product) = (0.0, 0.0)  // of g = dy * gain, and of g * (x - mean)
                for i in 0..<channels {
                    let g = Double(gradient[i]) * Double(gain.floats[i])
                    sum += g
                    product += g * line.centred(i)
                    sums[i] += SIMD2(Double(gradient[i]) * line.value(i), Double(gradient[i]))
                }
                // d(1 / (σ + ε)) = -(x - mean) / ((C - 1) σ (σ + ε)²)
                let spread = line.deviation > 0 ? 1 / (Double(channels - 1) * line.deviation) : 0
                for i in 0..<channels {
                    let g = Double(gradient[i]) * Double(gain.floats[i])
                    let direct = line.scale * (g - sum / Double(channels))
                    dx.floats[row * channels + i] = Float(
                        direct - line.centred(i) * line.scale * line.scale * spread * product)
                }
            }
            for i in 0..<channels { (dgain.floats[i], dbias.floats[i]) = (Float(sums[i].x), Float(sums[i].y)) }
            pass.addOwned(dx, to: x)
            pass.addOwned(dgain, to: gain)
            pass.addOwned(dbias, to: bias)
        }
    }
}

/// One row with its mean and deviation.
private struct NormalizedRow {
    private let x: UnsafePointer<Float>
    private let mean: Double
    let deviation: Double
    /// 1 / (σ + ε).
    let scale: Double

    init(_ x: UnsafePointer<Float>, count: Int, epsilon: Double) {
        self.x = x
        var sum = 0.0
        for i in 0..<count { sum += Double(x[i]) }
        let mean = sum / Double(count)
        var squares = 0.0
        for i in 0..<count { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
        self.mean = mean
        deviation = (squares / Double(count - 1)).squareRoot()
        scale = 1 / (deviation + epsilon)
    }

    func centred(_ i: Int) -> Double { Double(x[i]) - mean }
    func value(_ i: Int) -> Double { centred(i) * scale }
}
