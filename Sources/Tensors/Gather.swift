internal import Kernels
internal import Runtime

extension ForwardContext {
    /// The vectors of R tokens, each below V, in a table: [R, C].
    ///
    /// - Parameter table: [V, C] by rows, or packed as the linear map from C channels to V logits.
    public func embed(_ tokens: [Int32], _ table: Weight) -> Tensor {
        switch table {
        case .packed(let table):
            let y = tensor(Shape(tokens.count, table.inputs))
            team.run(EmbedTask(tokens: tokens, table: table, y: y), operations: y.shape.count * 8)
            return y
        case .outputsByInputs(let table): return gather(tokens, table)
        case .inputsByOutputs: preconditionFailure("a table of vectors has them as its rows")
        }
    }

    /// Rows of `table`, [N, C], by R numbers below N: [R, C].
    public func gather(_ rows: [Int32], _ table: Tensor) -> Tensor {
        precondition(table.shape.rank == 2, "rows of a table of shape \(table.shape)")
        let channels = table.shape[1]
        let y = tensor(Shape(rows.count, channels))
        for (i, row) in rows.enumerated() {
            precondition(row >= 0 && Int(row) < table.shape[0], "row \(row) of \(table.shape[0])")
            (y.floats + i * channels).update(from: table.floats + Int(row) * channels, count: channels)
        }
        if tape == nil { return y }
        return record(.embed, y, from: table) { dy, pass in
            pass.add(to: table) { dtable, accumulate in
                if !accumulate { dtable.floats.update(repeating: 0, count: table.shape.count) }
                // Each thread has some of the channels, so that a row that comes more than once is added up in order.
                pass.context.forEachRange(of: channels, cost: rows.count) { start, count in
                    for (i, row) in rows.enumerated() {
                        pass.context.kernels.pointee.add_scaled(
                            count, 1, dy.floats + i * channels + start,
                            dtable.floats + Int(row) * channels + start)
                    }
                }
            }
        }
    }

    /// A matrix with its rows as columns.
    package func transposed(_ x: Tensor) -> Tensor {
        let (rows, columns) = (x.shape[0], x.shape[1])
        let y = tensor(Shape(columns, rows))
        kernels.pointee.transpose(rows, columns, x.floats, columns, y.floats, rows)
        return y
    }

    /// Some columns of x, [R, C], as a tensor of their own.
    public func columns(_ x: Tensor, _ range: Range<Int>) -> Tensor {
        let width = x.shape[-1]
        precondition(range.lowerBound >= 0 && range.upperBound <= width, "columns \(range) of \(width)")
        let y = tensor(Shape(x.rows, range.count))
        for row in 0..<x.rows {
            let source = x.floats + row * width + range.lowerBound
            (y.floats + row * range.count).update(from: source, count: range.count)
        }
        if tape == nil { return y }
        return record(.columns, y, from: x) { dy, pass in
            pass.add(to: x) { dx, accumulate in
                if !accumulate { dx.floats.update(repeating: 0, count: x.shape.count) }
                for row in 0..<x.rows {
                    pass.context.kernels.pointee.add_scaled(
                        range.count, 1, dy.floats + row * range.count, dx.floats + row * width + range.lowerBound)
                }
            }
        }
    }

    /// Some rows of x, all axes but the last taken together, as a tensor of their own: [range.count, C].
    public func rows(_ x: Tensor, _ range: Range<Int>) -> Tensor {
        let channels = x.shape[-1]
        precondition(range.lowerBound >= 0 && range.upperBound <= x.rows, "rows \(range) of \(x.rows)")
        let y = tensor(Shape(range.count, channels))
        y.floats.update(from: x.floats + range.lowerBound * channels, count: y.shape.count)
        if tape == nil { return y }
        return record(.rows, y, from: x) { dy, pass in
            pass.add(to: x) { dx, accumulate in
                if !accumulate { dx.floats.update(repeating: 0, count: x.shape.count) }
                pass.context.kernels.pointee.add_scaled(
                    dy.shape.count, 1, dy.floats, dx.floats + range.lowerBound * channels)
            }
        }
    }

    /// Matrices of R rows each, their columns side by side: [R, the sum of their columns].
    public func sideBySide(_ parts: [Tensor]) -> Tensor {
        let width = parts.reduce(0) { $0 + $1.shape[-1] }
        let rows = parts.first?.rows ?? 0
        precondition(parts.allSatisfy { $0.rows == rows }, "matrices side by side have as many rows each")
        let y = tensor(Shape(rows, width))
        var start = 0
        for part in parts {
            let columns = part.shape[-1]
            for row in 0..<part.rows {
                (y.floats + row * width + start).update(from: part.floats + row * columns, count: columns)
            }
            start += columns
        }
        if tape == nil { return y }
        return record(.sideBySide, y, from: parts) { dy, pass in
            var start = 0
            for part in parts {
                let range = start..<start + part.shape[-1]
                if pass.wants(part) { pass.addOwned(pass.context.columns(dy, range), to: part) }
                start = range.upperBound
            }
        }
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
