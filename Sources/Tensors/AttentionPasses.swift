internal import Kernels
internal import Runtime

/// Attends with some of the sequences and heads.
struct AttentionForwardTask: TeamTask {
    enum Phase { case whole, weights, values }

    var core: AttentionCore
    let output: Tensor
    let scratch: Tensor
    /// All attention weights, where somebody looks at them between the phases.
    var weights: Tensor?
    var phase = Phase.whole

    func run(part: Int, of parts: Int) {
        let scratch = scratch.floats + part * core.forwardScratch
        let keyPanels = scratch + core.stripCount
        let valuePanels = keyPanels + core.keyPanelCount
        core.forEachItem(part, parts) { item in
            if phase != .values { core.packRows(core.keys, item, into: keyPanels) }
            if phase != .weights { core.packColumns(core.values, item, into: valuePanels) }
            core.forEachStrip(item) { rows in
                let count = item.span.keys.count
                let first = item.firstWeight + rows.lowerBound * count
                let strip =
                    weights.map { AttentionStrip(floats: $0.floats + first, stride: count) }
                    ?? AttentionStrip(floats: scratch, stride: AttentionStrip.stride(keys: count))
                if phase != .values {
                    core.weigh(item, rows, keyPanels: keyPanels, into: strip)
                    core.drop(item, rows, from: strip, to: strip)
                }
                if phase != .weights { sumValues(item, rows, strip, valuePanels) }
            }
        }
    }

    /// output[row] = Σ strip[row, key] value[key], added up 64 keys at a time as a cache's pages are.
    private func sumValues(
        _ item: AttentionCore.Item, _ rows: Range<Int>, _ strip: AttentionStrip, _ panels: UnsafeMutablePointer<Float>
    ) {
        let (count, size, width) = (item.span.keys.count, core.headSize, output.shape[-1])
        let seen = core.fixedWeights(item) == nil ? core.visible(item, rows.upperBound - 1) : count
        let found = output.floats + (item.span.queries.lowerBound + rows.lowerBound) * width + item.head * size
        var key = 0
        repeat {  // no key at all gives zeros
            let length = min(KVCache.pageLength, seen - key)
            core.kernels.pointee.matmul(
                rows.count, size, length, strip.floats + key, strip.stride, panels + key * 16, count * 16, nil, found,
                width, key > 0 ? 1 : 0, nil)
            key += KVCache.pageLength
        } while key < seen
    }
}

/// Passes gradients back through attention for some of the sequences and heads.
struct AttentionBackwardTask: TeamTask {
    let core: AttentionCore
    let dy: Tensor
    let dq: TensorColumns
    let dk: TensorColumns
    let dv: TensorColumns
    let scratch: Tensor

    func run(part: Int, of parts: Int) {
        let scratch = scratch.floats + part * core.backwardScratch
        let turned = scratch + 3 * core.stripCount
        let keyRows = turned + core.stripCount
        let valueRows = keyRows + core.keyPanelCount
        let keyColumns = valueRows + core.keyPanelCount
        let stripPanels = keyColumns + core.valuePanelCount
        let (kernels, size, width) = (core.kernels, core.headSize, dy.shape[-1])
        core.forEachItem(part, parts) { item in
            let count = item.span.keys.count
            func strip(_ number: Int) -> AttentionStrip {
                AttentionStrip(floats: scratch + number * core.stripCount, stride: AttentionStrip.stride(keys: count))
            }
            let (weights, dropped, gradients) = (strip(0), strip(1), strip(2))
            core.packRows(core.keys, item, into: keyRows)
            core.packRows(core.values, item, into: valueRows)
            core.packColumns(core.keys, item, into: keyColumns)
            core.forEachStrip(item) { rows in
                let seen = core.visible(item, rows.upperBound - 1)
                let first = item.span.queries.lowerBound + rows.lowerBound
                let incoming = dy.floats + first * width + item.head * size
                if let fixed = core.fixedWeights(item) {
                    let strip = AttentionStrip(floats: fixed + rows.lowerBound * count, stride: count)
                    addTransposed(
                        strip, incoming, stride: width, item, rows, count, into: dv, scratch: turned,
                        panels: stripPanels)
                    return
                }
                core.weigh(item, rows, keyPanels: keyRows, into: weights)
                // What the values saw: the weights after dropout.
                let used = core.dropout == nil ? weights : dropped
                core.drop(item, rows, from: weights, to: dropped)
                // dV += usedᵀ dO
                addTransposed(
                    used, incoming, stride: width, item, rows, seen, into: dv, scratch: turned, panels: stripPanels)
                // dP = dO Vᵀ, then through dropout and softmax: dS, as far as any of these rows sees
                kernels.pointee.matmul(
                    rows.count, seen, size, incoming, width, valueRows, size * 16, nil, gradients.floats,
                    gradients.stride, 0, nil)
                core.drop(item, rows, from: gradients, to: gradients)
                for row in 0..<rows.count {
                    kernels.pointee.softmax_backward(seen, core.scale, weights.row(row), gradients.row(row))
                }
                // dQ = dS K, dK += dSᵀ Q
                kernels.pointee.matmul(
                    rows.count, size, seen, gradients.floats, gradients.stride, keyColumns, count * 16, nil,
                    dq.pointer(row: first, column: item.head * size), dq.width, 0, nil)
                addTransposed(
                    gradients, core.query(item, rows.lowerBound), stride: core.queries.width, item, rows, seen,
                    into: dk, scratch: turned, panels: stripPanels)
            }
        }
    }

    /// target[key] += Σ strip[row, key] matrix[row] over a strip's rows.
    private func addTransposed(
        _ strip: AttentionStrip, _ matrix: UnsafeMutablePointer<Float>, stride: Int,
        _ item: AttentionCore.Item, _ rows: Range<Int>, _ seen: Int, into target: TensorColumns,
        scratch: UnsafeMutablePointer<Float>, panels: UnsafeMutablePointer<Float>
    ) {
        let (kernels, size) = (core.kernels, core.headSize)
        kernels.pointee.transpose(rows.count, seen, strip.floats, strip.stride, scratch, rows.count)
        for column in Swift.stride(from: 0, to: size, by: 16) {
            kernels.pointee.pack_columns(
                rows.count, min(16, size - column), matrix + column, stride, panels + column * rows.count)
        }
        kernels.pointee.matmul(
            seen, size, rows.count, scratch, rows.count, panels, rows.count * 16, nil,
            target.pointer(row: item.span.keys.lowerBound, column: item.head * size), target.width, 1, nil)
    }
}
