internal import Kernels
internal import Runtime

/// So many rows wait for the weights, not the multipliers: to bring them into tiles would not pay.
private let fewRows = 12

extension ForwardContext {
    /// y = epilogue(x W) with packed weights of any format.
    func multiply(_ x: Tensor, _ weight: PackedMatrix, epilogue: ProductEpilogue, into y: Tensor) {
        let operations = x.rows * weight.inputs * weight.outputs
        // So large that each part is worth a run through memory of its own.
        let parts = min(max(weight.byteCount / (team.threads * 65_536), 1), 4)
        if !weight.format.isQuantized {
            if x.rows <= fewRows {
                let task = PackedLinearTask(x: x, weight: weight, epilogue: epilogue, y: y, kernels: kernels)
                return team.run(task, operations: operations, partsPerThread: parts)
            }
            let task = TiledLinearTask(rows: tiled(x), weight: weight, epilogue: epilogue, y: y, kernels: kernels)
            return team.run(task, operations: operations, partsPerThread: parts)
        }
        let rows = QuantizedRows(rows: x.rows, inputs: weight.inputs)
        let scratch = tensor(Shape(rows.floatCount))
        team.run(QuantizeRowsTask(x: x, rows: rows, scratch: scratch, kernels: kernels), operations: x.shape.count)
        let task = QuantizedLinearTask(
            x: x, rows: rows, scratch: scratch, weight: weight, epilogue: epilogue, y: y, kernels: kernels)
        team.run(task, operations: operations, partsPerThread: parts)
    }
}

extension PackedMatrix {
    /// The run of neighbouring outputs that a part of `parts` makes: whole panels.
    func outputs(part: Int, of parts: Int) -> (first: Int, columns: Int) {
        let panels = (outputs + 15) / 16
        let first = panels * part / parts * 16
        return (first, min(panels * (part + 1) / parts * 16, outputs) - first)
    }
}

extension ProductEpilogue {
    /// From a row and a column of `outputs` on.
    func kernel(row: Int = 0, column: Int, outputs: Int) -> kernels_epilogue {
        kernels_epilogue(
            bias: bias.map { UnsafePointer($0.floats + column) },
            residual: residual.map { UnsafePointer($0.floats + row * outputs + column) },
            residual_stride: outputs, activation: activation.kernel)
    }
}

/// Weights of f32 and f16 and a few rows: activations are floats.
private struct PackedLinearTask: TeamTask {
    let x: Tensor
    let weight: PackedMatrix
    let epilogue: ProductEpilogue
    let y: Tensor
    let kernels: KernelTable

    /// Each part makes a run of neighbouring outputs for all rows.
    func run(part: Int, of parts: Int) {
        let (inputs, outputs) = (weight.inputs, weight.outputs)
        let (first, columns) = weight.outputs(part: part, of: parts)
        if columns <= 0 { return }
        let panel = weight.panels + first / 16 * weight.panelStride
        var finish = epilogue.kernel(column: first, outputs: outputs)
        if weight.format == .f16 {
            kernels.pointee.matmul_f16(
                x.rows, columns, inputs, x.floats, inputs, panel.assumingMemoryBound(to: UInt16.self), inputs * 16, nil,
                y.floats + first, outputs, 0, &finish)
        } else {
            kernels.pointee.matmul(
                x.rows, columns, inputs, x.floats, inputs, panel.assumingMemoryBound(to: Float.self), inputs * 16, nil,
                y.floats + first, outputs, 0, &finish)
        }
    }
}

/// Rows of activations as bytes, in memory that a tensor of floats lends.
private struct QuantizedRows {
    let rows: Int
    let blocks: Int

    init(rows: Int, inputs: Int) {
        self.rows = rows
        blocks = (inputs + 31) / 32
    }

    /// 32 bytes, a scale and a sum for each block.
    var floatCount: Int { rows * blocks * (8 + 1 + 1) }

    func at(_ floats: UnsafeMutablePointer<Float>) -> kernels_quantized_rows {
        let raw = UnsafeMutableRawPointer(floats)
        let count = rows * blocks
        return kernels_quantized_rows(
            rows: rows, values: raw.assumingMemoryBound(to: Int8.self), scales: floats + count * 8,
            offsets: (raw + count * 36).assumingMemoryBound(to: Int32.self))
    }
}

private struct QuantizeRowsTask: TeamTask {
    let x: Tensor
    let rows: QuantizedRows
    let scratch: Tensor
    let kernels: KernelTable

    func run(part: Int, of parts: Int) {
        var quantized = rows.at(scratch.floats)
        for row in x.rows * part / parts..<x.rows * (part + 1) / parts {
            kernels.pointee.quantize_row(x.shape[-1], x.floats + row * x.shape[-1], row, &quantized)
        }
    }
}

/// Weights of q8 and q4: activations are bytes.
private struct QuantizedLinearTask: TeamTask {
    let x: Tensor
    let rows: QuantizedRows
    /// What ``QuantizeRowsTask`` wrote.
    let scratch: Tensor
    let weight: PackedMatrix
    let epilogue: ProductEpilogue
    let y: Tensor
    let kernels: KernelTable

    /// Each part makes a run of neighbouring outputs for all rows.
    func run(part: Int, of parts: Int) {
        let outputs = weight.outputs
        let (first, columns) = weight.outputs(part: part, of: parts)
        if columns <= 0 { return }
        var quantized = rows.at(scratch.floats)
        var finish = epilogue.kernel(column: first, outputs: outputs)
        let panel = (weight.panels + first / 16 * weight.panelStride).assumingMemoryBound(to: UInt8.self)
        let y = y.floats + first
        if weight.format == .q8 {
            kernels.pointee.matmul_q8(columns, rows.blocks, &quantized, panel, y, outputs, &finish)
        } else {
            kernels.pointee.matmul_q4(columns, rows.blocks, &quantized, panel, y, outputs, &finish)
        }
    }
}
