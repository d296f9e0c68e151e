internal import Runtime

extension ForwardContext {
    /// The vectors of `tokens` in a packed table of [channels, vocabulary], [R, channels].
    public func embed(_ tokens: [Int32], _ table: PackedMatrix) -> Tensor {
        let y = tensor(Shape(tokens.count, table.inputs))
        team.run(EmbedTask(tokens: tokens, table: table, y: y), operations: y.shape.count * 8)
        return y
    }

    /// Rows of `table`, [N, C], by their numbers: [R, C].
    public func gather(_ rows: [Int32], _ table: Tensor) -> Tensor {
        let channels = table.shape[-1]
        let y = tensor(Shape(rows.count, channels))
        for (i, row) in rows.enumerated() {
            precondition(row >= 0 && Int(row) < table.shape[0], "row \(row) of \(table.shape[0])")
            (y.floats + i * channels).update(from: table.floats + Int(row) * channels, count: channels)
        }
        return y
    }
}

private struct EmbedTask: TeamTask {
    let tokens: [Int32]
    let table: PackedMatrix
    let y: Tensor

    func run(part: Int, of parts: Int) {
        for i in tokens.count * part / parts..<tokens.count * (part + 1) / parts {
            precondition(tokens[i] >= 0 && Int(tokens[i]) < table.outputs, "token \(tokens[i]) of \(table.outputs)")
            table.copyOutput(Int(tokens[i]), to: y.floats + i * table.inputs)
        }
    }
}

extension ForwardContext {
    /// Some columns of x, [R, C], as a tensor of their own.
    public func columns(_ x: Tensor, _ range: Range<Int>) -> Tensor {
        let y = tensor(Shape(x.rows, range.count))
        for row in 0..<x.rows {
            let source = x.floats + row * x.shape[-1] + range.lowerBound
            (y.floats + row * range.count).update(from: source, count: range.count)
        }
        return y
    }

    /// Matrices of as many rows each, their columns side by side.
    public func sideBySide(_ parts: [Tensor]) -> Tensor {
        let width = parts.reduce(0) { $0 + $1.shape[-1] }
        let y = tensor(Shape(parts.first?.rows ?? 0, width))
        var start = 0
        for part in parts {
            let columns = part.shape[-1]
            for row in 0..<part.rows {
                (y.floats + row * width + start).update(from: part.floats + row * columns, count: columns)
            }
            start += columns
        }
        return y
    }
}
