import Tensors

extension OperationCase {
    static let gathering: [OperationCase] = [
        OperationCase(
            .embed, inputs: [Input("table", 5, 3)],
            forward: { $1.embed([4, 0, 4, 2, 4], .outputsByInputs($0.table)) },
            twin: { Reference.embed([4, 0, 4, 2, 4], $0.table) }),
        OperationCase(
            .embed, "many rows", inputs: [Input("table", 7, 130)],
            forward: { $1.gather(manyTokens, $0.table) }, twin: { Reference.embed(manyTokens, $0.table) }),
        OperationCase(
            .embed, "no rows", inputs: [Input("table", 5, 3)],
            forward: { $1.gather([], $0.table) }, twin: { Reference.embed([], $0.table) }),
        columns("", 2..<5),
        columns("all", 0..<7),
        columns("none", 3..<3),
        OperationCase(
            .columns, "three axes, overlapping", inputs: [Input("x", 2, 3, 7)],
            forward: { $1.multiply($1.columns($0.x, 0..<4), $1.columns($0.x, 2..<6)) },
            twin: { Reference.multiply(Reference.columns($0.x, 0..<4), Reference.columns($0.x, 2..<6)) }),
        rows("", 1..<4),
        rows("all", 0..<6),
        rows("none", 6..<6),
        OperationCase(
            .rows, "overlapping", inputs: [Input("x", 2, 3, 5)],
            forward: { $1.multiply($1.rows($0.x, 0..<4), $1.rows($0.x, 1..<5)) },
            twin: { Reference.multiply(Reference.rows($0.x, 0..<4), Reference.rows($0.x, 1..<5)) }),
        OperationCase(
            .sideBySide, inputs: [Input("a", 3, 2), Input("b", 3, 0), Input("c", 3, 4)],
            forward: { $1.sideBySide([$0.a, $0.b, $0.c]) }, twin: { Reference.sideBySide([$0.a, $0.b, $0.c]) }),
        OperationCase(
            .sideBySide, "twice the same", inputs: [Input("a", 3, 2), Input("b", 3, 1)],
            forward: { $1.sideBySide([$0.a, $0.b, $0.a]) }, twin: { Reference.sideBySide([$0.a, $0.b, $0.a]) }),
    ]

    private static let manyTokens = (0..<200).map { Int32($0 * $0 % 6) }

    private static func columns(_ variant: String, _ range: Range<Int>) -> OperationCase {
        OperationCase(
            .columns, variant, inputs: [Input("x", 3, 7)],
            forward: { $1.columns($0.x, range) }, twin: { Reference.columns($0.x, range) })
    }

    private static func rows(_ variant: String, _ range: Range<Int>) -> OperationCase {
        OperationCase(
            .rows, variant, inputs: [Input("x", 6, 3)],
            forward: { $1.rows($0.x, range) }, twin: { Reference.rows($0.x, range) })
    }
}
