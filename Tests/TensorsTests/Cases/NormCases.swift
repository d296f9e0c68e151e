import Tensors

extension OperationCase {
    static let norms: [OperationCase] =
        [(4, 6), (1, 1), (3, 770), (130, 33), (0, 5)].map { layerNorm($0, $1) } + [
            OperationCase(
                .layerNorm, "without bias, three axes",
                inputs: [Input("x", 2, 3, 6), Input("gain", 6, offset: 1, scale: 0.5)],
                forward: { $1.layerNorm($0.x, gain: $0.gain, bias: nil, epsilon: 0.125).output },
                twin: { Reference.layerNorm($0.x, gain: $0.gain, bias: nil, epsilon: 0.125) })
        ] + [(4, 6), (5, 2), (130, 33)].map { textbook($0, $1) } + [
            // The statistics are data.
            OperationCase(
                .normalize, inputs: normInputs(5, 3),
                forward: { $1.normalize($0.x, statistics: statistics, gain: $0.gain, bias: $0.bias) },
                twin: { Reference.normalize($0.x, statistics: Numbers(statistics), gain: $0.gain, bias: $0.bias) })
        ]

    private static let statistics = Tensor((0..<10).map { Float($0 % 4) / 2 + 0.25 }, shape: Shape(5, 2))

    private static func normInputs(_ rows: Int, _ channels: Int) -> [Input] {
        [Input("x", rows, channels), Input("gain", channels, offset: 1, scale: 0.5), Input("bias", channels)]
    }

    private static func layerNorm(_ rows: Int, _ channels: Int) -> OperationCase {
        OperationCase(
            .layerNorm, "\(rows) x \(channels)", inputs: normInputs(rows, channels),
            forward: { $1.layerNorm($0.x, gain: $0.gain, bias: $0.bias, epsilon: 1e-5).output },
            twin: { Reference.layerNorm($0.x, gain: $0.gain, bias: $0.bias, epsilon: Double(Float(1e-5))) })
    }

    private static func textbook(_ rows: Int, _ channels: Int) -> OperationCase {
        OperationCase(
            .textbookLayerNorm, "\(rows) x \(channels)", inputs: normInputs(rows, channels),
            forward: { $1.textbookLayerNorm($0.x, gain: $0.gain, bias: $0.bias, epsilon: 1e-6) },
            twin: { Reference.textbookLayerNorm($0.x, gain: $0.gain, bias: $0.bias, epsilon: 1e-6) })
    }
}
