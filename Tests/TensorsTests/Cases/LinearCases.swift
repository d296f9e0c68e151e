import Tensors

extension OperationCase {
    static let linear: [OperationCase] = [
        plain("", [3, 5], outputs: 7),
        plain("one number", [1, 1], outputs: 1),
        plain("one long row", [1, 300], outputs: 17),
        plain("three axes", [2, 3, 5], outputs: 4),
        // Several panels for each of three threads, and more than 256 outputs that a sum runs over backwards.
        plain("wide", [33, 40], outputs: 400),
        plain("no rows", [0, 4], outputs: 3),
        plain("no inputs", [3, 0], outputs: 4),
        plain("no outputs", [3, 4], outputs: 0),
        // Two groups of rows, and more than 256 that a sum runs over: inputs forwards, rows backwards.
        blocks("blocks", weight: [300, 20]) { .inputsByOutputs($0) },
        blocks("blocks, outputs by inputs", weight: [20, 300]) { .outputsByInputs($0) },
        OperationCase(
            .linear, "outputs by inputs",
            inputs: [Input("x", 4, 6), Input("weight", 9, 6), Input("bias", 9)],
            forward: { $1.linear($0.x, .outputsByInputs($0.weight), bias: $0.bias) },
            twin: { Reference.linear($0.x, $0.weight, transposed: true, bias: $0.bias) }),
        OperationCase(
            .linear, "bias, residual",
            inputs: [Input("x", 4, 6), Input("weight", 6, 9), Input("bias", 9), Input("residual", 4, 9)],
            forward: { $1.linear($0.x, .inputsByOutputs($0.weight), bias: $0.bias, adding: $0.residual) },
            twin: { Reference.linear($0.x, $0.weight, bias: $0.bias, adding: $0.residual) }),
        OperationCase(
            .linear, "bias, activation, residual",
            inputs: [Input("x", 4, 6), Input("weight", 6, 9), Input("bias", 9), Input("residual", 4, 9)],
            forward: {
                $1.linear($0.x, .inputsByOutputs($0.weight), bias: $0.bias, activation: .geluNew, adding: $0.residual)
            },
            twin: { Reference.linear($0.x, $0.weight, bias: $0.bias, activation: .geluNew, adding: $0.residual) }),
        OperationCase(
            .linear, "the same tensor as input and residual",
            inputs: [Input("x", 3, 5), Input("weight", 5, 5)],
            forward: { $1.linear($0.x, .inputsByOutputs($0.weight), adding: $0.x) },
            twin: { Reference.linear($0.x, $0.weight, adding: $0.x) }),
    ]

    private static func plain(_ variant: String, _ sizes: [Int], outputs: Int) -> OperationCase {
        let shape = Shape(sizes) ?? Shape(0)
        return OperationCase(
            .linear, variant, inputs: [Input("x", of: shape), Input("weight", shape[-1], outputs)],
            forward: { $1.linear($0.x, .inputsByOutputs($0.weight)) },
            twin: { Reference.linear($0.x, $0.weight) })
    }

    private static func blocks(
        _ variant: String, weight: [Int], _ form: @escaping @Sendable (Tensor) -> Weight
    ) -> OperationCase {
        let isTransposed = weight[0] < weight[1]
        return OperationCase(
            .linear, variant,
            inputs: [
                Input("x", 270, 300), Input("weight", weight[0], weight[1]), Input("bias", 20),
                Input("residual", 270, 20),
            ],
            forward: { $1.linear($0.x, form($0.weight), bias: $0.bias, adding: $0.residual) },
            twin: {
                Reference.linear($0.x, $0.weight, transposed: isTransposed, bias: $0.bias, adding: $0.residual)
            })
    }
}
