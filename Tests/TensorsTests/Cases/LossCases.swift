import Tensors

extension OperationCase {
    static let losses: [OperationCase] = [
        loss("", rows: 4, 7),
        loss("one class", rows: 2, 1),
        loss("many classes", rows: 3, 1000),
        // More rows than logits of linearCrossEntropy exist together.
        loss("blocks", rows: 270, 11),
        loss("ignored rows", rows: 5, 7, ignored: { $0 % 2 == 1 }),
        loss("all rows ignored", rows: 3, 7, ignored: { _ in true }),
        loss("no rows", rows: 0, 7),
        linearLoss("", rows: 4, 5, 7),
        linearLoss("tied", rows: 4, 5, 7, tied: true),
        linearLoss("ignored rows", rows: 5, 5, 7, ignored: { $0 % 2 == 1 }),
        linearLoss("all rows ignored", rows: 3, 5, 7, ignored: { _ in true }),
        linearLoss("no rows", rows: 0, 5, 7),
        linearLoss("blocks", rows: 530, 20, 33, ignored: { $0 % 7 == 1 }),
        linearLoss("blocks, tied", rows: 270, 20, 300, tied: true),
    ]

    /// Every class, in some order.
    private static func targets(_ rows: Int, _ classes: Int, _ ignored: (Int) -> Bool) -> [Int32] {
        (0..<rows).map { ignored($0) ? -1 : Int32(($0 * 5 + 3) % classes) }
    }

    private static func loss(
        _ variant: String, rows: Int, _ classes: Int, ignored: (Int) -> Bool = { _ in false }
    ) -> OperationCase {
        let targets = targets(rows, classes, ignored)
        return OperationCase(
            .crossEntropy, variant, inputs: [Input("logits", rows, classes, scale: 4)],
            forward: { $1.crossEntropy($0.logits, targets: targets) },
            twin: { Reference.crossEntropy($0.logits, targets: targets) })
    }

    private static func linearLoss(
        _ variant: String, rows: Int, _ channels: Int, _ classes: Int, tied: Bool = false,
        ignored: (Int) -> Bool = { _ in false }
    ) -> OperationCase {
        let targets = targets(rows, classes, ignored)
        return OperationCase(
            .linearCrossEntropy, variant,
            inputs: [
                Input("x", rows, channels),
                tied ? Input("weight", classes, channels) : Input("weight", channels, classes),
            ],
            forward: {
                $1.linearCrossEntropy(
                    $0.x, tied ? .outputsByInputs($0.weight) : .inputsByOutputs($0.weight), targets: targets)
            },
            twin: { Reference.crossEntropy(Reference.linear($0.x, $0.weight, transposed: tied), targets: targets) })
    }
}
