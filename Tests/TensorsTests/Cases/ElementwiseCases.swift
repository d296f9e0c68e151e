import Tensors

extension OperationCase {
    static let elementwise: [OperationCase] =
        [
            OperationCase(
                .add, inputs: [Input("a", 3, 5), Input("b", 3, 5)],
                forward: { $1.add($0.a, $0.b) }, twin: { Reference.add($0.a, $0.b) }),
            OperationCase(
                .add, "twice the same", inputs: [Input("a", 3, 5)],
                forward: { $1.add($0.a, $0.a) }, twin: { Reference.add($0.a, $0.a) }),
            OperationCase(
                .scale, inputs: [Input("x", 3, 5)],
                forward: { $1.scale($0.x, by: -2.5) }, twin: { Reference.scale($0.x, by: -2.5) }),
            OperationCase(
                .multiply, inputs: [Input("a", 3, 5), Input("b", 3, 5)],
                forward: { $1.multiply($0.a, $0.b) }, twin: { Reference.multiply($0.a, $0.b) }),
            OperationCase(
                .multiply, "twice the same", inputs: [Input("a", 3, 5)],
                forward: { $1.multiply($0.a, $0.a) }, twin: { Reference.multiply($0.a, $0.a) }),
            OperationCase(
                .sum, inputs: [Input("x", 3, 5)], forward: { $1.sum($0.x) }, twin: { Reference.sum($0.x) }),
            OperationCase(
                .sum, "of nothing", inputs: [Input("x", 0)], forward: { $1.sum($0.x) }, twin: { Reference.sum($0.x) }),
            activation(.geluNew, 100, 70),
            activation(.geluNew, 0, 7),
        ] + Activation.allCases.map { activation($0, 3, 21) }

    private static func activation(_ activation: Activation, _ rows: Int, _ columns: Int) -> OperationCase {
        OperationCase(
            .activate, "\(activation.rawValue) \(rows)", inputs: [Input("x", rows, columns, scale: 4)],
            forward: { $1.activate($0.x, activation) }, twin: { Reference.activate($0.x, activation) })
    }
}
