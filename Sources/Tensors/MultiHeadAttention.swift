internal import Kernels
internal import Runtime

extension ForwardContext {
    /// Scaled dot-product attention with H heads side by side, softmax(q kᵀ scale + mask) v (Vaswani et al.,
    /// arXiv:1706.03762, section 3.2), of sequences that are given as a whole.
    ///
    /// The arithmetic is that of ``attention(_:spans:layer:scale:)``, which reads keys and values from caches: causal
    /// self-attention gives the same bits. Works on strips of 32 queries, forwards and backwards; the backward pass makes
    /// the weights again. A query all of whose keys are masked finds zeros.
    ///
    /// - Parameters:
    ///   - queries: [Rq, H D], keys and values: [Rk, H D].
    ///   - spans: which rows belong to which sequence.
    ///   - dropoutRate: of the attention weights, where the context drops anything.
    ///   - weights: filled with the attention weights where given, sequence after sequence, [H, queries, keys] each.
    /// - Returns: [Rq, H D].
    public func multiHeadAttention(
        queries: TensorColumns, keys: TensorColumns, values: TensorColumns, heads: Int, scale: Float,
        spans: [AttentionSpan], mask: AttentionMask = .none, dropoutRate: Double = 0,
        weights: ((Tensor) -> Void)? = nil
    ) -> Tensor {
        let channels = queries.range.count
        precondition(channels.isMultiple(of: heads), "\(heads) heads do not divide \(channels) channels")
        precondition(
            keys.range.count == channels && values.range.count == channels,
            "queries of \(channels) channels, keys of \(keys.range.count), values of \(values.range.count)")
        let output = tensor(queries.tensor.shape.withLast(channels))
        var core = AttentionCore(
            queries: queries, keys: keys, values: values, heads: heads, scale: scale, spans: spans, mask: mask,
            kernels: kernels)
        if let dropout, dropoutRate > 0 {
            core.dropout = DropoutMask(rate: dropoutRate, seed: dropout.seed, stream: dropout.next())
            core.firstRow = dropout.firstRow
        }
        let kept = weights.map { _ in tensor(Shape(core.weightCount)) }
        let scratch = tensor(Shape(team.threads, core.forwardScratch))
        team.run(
            AttentionForwardTask(core: core, output: output, weights: kept, scratch: scratch),
            operations: core.operations)
        if let kept { weights?(kept) }
        if tape == nil { return output }
        return record(.multiHeadAttention, output, from: [queries.tensor, keys.tensor, values.tensor]) { dy, pass in
            pass.addAttention(core, gradient: dy)
        }
    }
}

extension Backpropagation {
    /// What attention passes back to queries, keys and values: of one tensor where they lie side by side in one.
    fileprivate func addAttention(_ core: AttentionCore, gradient dy: Tensor) {
        let (queries, keys, values) = (core.queries, core.keys, core.values)
        func zeros(_ columns: TensorColumns) -> Tensor {
            let gradient = context.tensor(columns.tensor.shape)
            gradient.floats.update(repeating: 0, count: gradient.shape.count)
            return gradient
        }
        let shared =
            queries.tensor.buffer === keys.tensor.buffer && keys.tensor.buffer === values.tensor.buffer
            && !queries.range.overlaps(keys.range) && !queries.range.overlaps(values.range)
            && !keys.range.overlaps(values.range)
        let dq = zeros(queries)
        let dk = shared ? dq : zeros(keys)
        let dv = shared ? dq : zeros(values)
        let scratch = context.tensor(Shape(context.team.threads, core.backwardScratch))
        context.team.run(
            AttentionBackwardTask(
                core: core, dy: dy, dq: TensorColumns(dq, queries.range), dk: TensorColumns(dk, keys.range),
                dv: TensorColumns(dv, values.range), scratch: scratch),
            operations: core.operations * 3)
        addOwned(dq, to: queries.tensor)
        if shared { return }
        addOwned(dk, to: keys.tensor)
        addOwned(dv, to: values.tensor)
    }
}

/// What forward and backward pass of attention share: the strips of weights.
private struct AttentionCore {
    let queries: TensorColumns
    let keys: TensorColumns
    let values: TensorColumns
    let heads: Int
    let scale: Float
    let spans: [AttentionSpan]
    let mask: AttentionMask
    let kernels: kernels_table
    var dropout: DropoutMask?
    /// The first row's number among all of the training step, for dropout.
    var firstRow = 0

    static let stripRows = 32

    var headSize: Int { queries.range.count / heads }
    private var longest: Int { spans.reduce(0) { max($0, $1.keys.count) } }
    private var paddedLongest: Int { (longest + 15) / 16 * 16 }
    private var paddedHead: Int { (headSize + 15) / 16 * 16 }
    var stripCount: Int { Self.stripRows * max(paddedLongest, 16) }
    var keyPanelCount: Int { paddedLongest * headSize }
    var valuePanelCount: Int { paddedLongest * paddedHead }
    var stripPanelCount: Int { Self.stripRows * paddedHead }
    /// A strip, panels of keys and of values.
    var forwardScratch: Int { stripCount + keyPanelCount + valuePanelCount }
    /// Three strips and a transposed one, three sets of panels, and panels of a strip.
    var backwardScratch: Int { 4 * stripCount + 2 * keyPanelCount + valuePanelCount + stripPanelCount }
    var weightCount: Int { spans.reduce(0) { $0 + heads * $1.queries.count * $1.keys.count } }
    var operations: Int { spans.reduce(0) { $0 + $1.queries.count * $1.keys.count } * queries.range.count * 2 }

    /// One sequence and one head, and where the head's weights start among all.
    struct Item {
        let index: Int
        let span: AttentionSpan
        let head: Int
        let firstWeight: Int
    }

    /// Calls `body` for the items of one part of the threads.
    func forEachItem(_ part: Int, _ parts: Int, _ body: (Item) -> Void) {
        var (index, weight) = (0, 0)
        for span in spans {
            for head in 0..<heads {
                if index % parts == part { body(Item(index: index, span: span, head: head, firstWeight: weight)) }
                index += 1
                weight += span.queries.count * span.keys.count
            }
        }
    }

    func query(_ item: Item, _ row: Int) -> UnsafeMutablePointer<Float> {
        queries.pointer(row: item.span.queries.lowerBound + row, column: item.head * headSize)
    }

    /// How many keys a row sees before additive masks.
    func visible(_ item: Item, _ row: Int) -> Int {
        let count = item.span.keys.count
        return mask.isCausal ? min(max(count - item.span.queries.count + row + 1, 0), count) : count
    }

    /// Panels of 16 rows of a head of keys or values, transposed: [head size, 16] each.
    func packRows(_ columns: TensorColumns, _ item: Item, into panels: UnsafeMutablePointer<Float>) {
        let count = item.span.keys.count
        for key in stride(from: 0, to: count, by: 16) {
            kernels.pack_rows(
                headSize, min(16, count - key),
                columns.pointer(row: item.span.keys.lowerBound + key, column: item.head * headSize), columns.width,
                panels + key * headSize)
        }
    }

    /// Panels of 16 columns of a head of keys or values, [keys, 16] each.
    func packColumns(_ columns: TensorColumns, _ item: Item, into panels: UnsafeMutablePointer<Float>) {
        let count = item.span.keys.count
        for column in stride(from: 0, to: headSize, by: 16) {
            kernels.pack_columns(
                count, min(16, headSize - column),
                columns.pointer(row: item.span.keys.lowerBound, column: item.head * headSize + column), columns.width,
                panels + column * count)
        }
    }

    /// The attention weights of some rows, before dropout: strip[row, key], zeros where a key is masked.
    func weigh(_ item: Item, _ rows: Range<Int>, keyPanels: UnsafeMutablePointer<Float>, into strip: UnsafeMutablePointer<Float>) {
        let count = item.span.keys.count
        let seen = visible(item, rows.upperBound - 1)
        kernels.matmul(
            rows.count, seen, headSize, query(item, rows.lowerBound), queries.width, keyPanels, headSize * 16, strip,
            count, 0, nil)
        for row in rows {
            let line = strip + (row - rows.lowerBound) * count
            let visible = visible(item, row)
            for key in visible..<count { line[key] = 0 }
            if mask.keyPadding == nil && mask.additive == nil {
                kernels.softmax(visible, scale, line)
                continue
            }
            for key in 0..<visible { line[key] *= scale }
            addMasks(item, row, visible, line)
            if (0..<visible).allSatisfy({ line[$0] == -.infinity }) {
                for key in 0..<visible { line[key] = 0 }
            } else {
                kernels.softmax(visible, 1, line)
            }
        }
    }

    private func addMasks(_ item: Item, _ row: Int, _ visible: Int, _ line: UnsafeMutablePointer<Float>) {
        if let padding = mask.keyPadding {
            for key in 0..<visible { line[key] += padding.floats[item.span.keys.lowerBound + key] }
        }
        if let additive = mask.additive {
            let (rows, count) = (additive.shape[-2], additive.shape[-1])
            let matrix = additive.shape.rank == 3 ? item.index * rows : 0
            for key in 0..<visible { line[key] += additive.floats[(matrix + row) * count + key] }
        }
    }

    /// Drops weights, or gradients of weights, of some rows: `from` and `to` may be the same.
    func drop(
        _ item: Item, _ rows: Range<Int>, from: UnsafeMutablePointer<Float>, to: UnsafeMutablePointer<Float>
    ) {
        guard let dropout else { return }
        let count = item.span.keys.count
        for row in rows {
            // By the row's number in the whole step, the head and the key.
            let number = (firstRow + item.span.queries.lowerBound + row) * heads + item.head
            let start = (row - rows.lowerBound) * count
            dropout.apply(count, at: number * (1 << 20) + 0, from + start, to + start, kernels)
        }
    }

    /// Strips of an item's rows.
    func forEachStrip(_ item: Item, _ body: (Range<Int>) -> Void) {
        let count = item.span.queries.count
        for start in stride(from: 0, to: count, by: Self.stripRows) { body(start..<min(start + Self.stripRows, count)) }
    }
}

private struct AttentionForwardTask: TeamTask {
    let core: AttentionCore
    let output: Tensor
    /// All attention weights, where somebody asks for them.
    let weights: Tensor?
    let scratch: Tensor

    func run(part: Int, of parts: Int) {
        let strip = scratch.floats + part * core.forwardScratch
        let keyPanels = strip + core.stripCount
        let valuePanels = keyPanels + core.keyPanelCount
        core.forEachItem(part, parts) { item in
            core.packRows(core.keys, item, into: keyPanels)
            core.packColumns(core.values, item, into: valuePanels)
            core.forEachStrip(item) { rows in
                core.weigh(item, rows, keyPanels: keyPanels, into: strip)
                core.drop(item, rows, from: strip, to: strip)
                let count = item.span.keys.count
                if let weights {
                    (weights.floats + item.firstWeight + rows.lowerBound * count).update(
                        from: strip, count: rows.count * count)
                }
                sumValues(item, rows, strip, valuePanels)
            }
        }
    }

    /// output[row] = Σ strip[row, key] value[key], added up 64 keys at a time as a cache's pages are.
    private func sumValues(
        _ item: AttentionCore.Item, _ rows: Range<Int>, _ strip: UnsafeMutablePointer<Float>,
        _ panels: UnsafeMutablePointer<Float>
    ) {
        let (count, size, width) = (item.span.keys.count, core.headSize, output.shape[-1])
        let seen = core.visible(item, rows.upperBound - 1)
        let found = output.floats + (item.span.queries.lowerBound + rows.lowerBound) * width + item.head * size
        var key = 0
        repeat {  // no key at all gives zeros
            let length = min(KVCache.pageLength, seen - key)
            core.kernels.matmul(
                rows.count, size, length, strip + key, count, panels + key * 16, count * 16, found, width,
                key > 0 ? 1 : 0, nil)
            key += KVCache.pageLength
        } while key < seen
    }
}

private struct AttentionBackwardTask: TeamTask {
    let core: AttentionCore
    let dy: Tensor
    let dq: TensorColumns
    let dk: TensorColumns
    let dv: TensorColumns
    let scratch: Tensor

    func run(part: Int, of parts: Int) {
        let weights = scratch.floats + part * core.backwardScratch
        let dropped = weights + core.stripCount
        let gradients = dropped + core.stripCount
        let turned = gradients + core.stripCount
        let keyRows = turned + core.stripCount
        let valueRows = keyRows + core.keyPanelCount
        let keyColumns = valueRows + core.keyPanelCount
        let stripPanels = keyColumns + core.valuePanelCount
        let (kernels, size, width) = (core.kernels, core.headSize, dy.shape[-1])
        core.forEachItem(part, parts) { item in
            let count = item.span.keys.count
            core.packRows(core.keys, item, into: keyRows)
            core.packRows(core.values, item, into: valueRows)
            core.packColumns(core.keys, item, into: keyColumns)
            core.forEachStrip(item) { rows in
                let seen = core.visible(item, rows.upperBound - 1)
                let first = item.span.queries.lowerBound + rows.lowerBound
                let incoming = dy.floats + first * width + item.head * size
                core.weigh(item, rows, keyPanels: keyRows, into: weights)
                // What the values saw: the weights after dropout.
                let used = core.dropout == nil ? weights : dropped
                core.drop(item, rows, from: weights, to: dropped)
                // dV += usedᵀ dO
                addTransposed(
                    used, incoming, stride: width, item, rows, seen, into: dv, scratch: turned, panels: stripPanels)
                // dP = dO Vᵀ, then through dropout and softmax: dS
                kernels.matmul(
                    rows.count, seen, size, incoming, width, valueRows, size * 16, gradients, count, 0, nil)
                for row in 0..<rows.count {
                    let line = gradients + row * count
                    for key in seen..<count { line[key] = 0 }
                }
                core.drop(item, rows, from: gradients, to: gradients)
                for row in 0..<rows.count {
                    kernels.softmax_backward(count, core.scale, weights + row * count, gradients + row * count)
                }
                // dQ = dS K, dK += dSᵀ Q
                kernels.matmul(
                    rows.count, size, seen, gradients, count, keyColumns, count * 16,
                    dq.pointer(row: first, column: item.head * size), dq.width, 0, nil)
                addTransposed(
                    gradients, core.query(item, rows.lowerBound), stride: core.queries.width, item, rows, seen,
                    into: dk, scratch: turned, panels: stripPanels)
            }
        }
    }

    /// target[key] += Σ strip[row, key] matrix[row] over a strip's rows.
    private func addTransposed(
        _ strip: UnsafeMutablePointer<Float>, _ matrix: UnsafeMutablePointer<Float>, stride: Int,
        _ item: AttentionCore.Item, _ rows: Range<Int>, _ seen: Int, into target: TensorColumns,
        scratch: UnsafeMutablePointer<Float>, panels: UnsafeMutablePointer<Float>
    ) {
        let (kernels, size) = (core.kernels, core.headSize)
        kernels.transpose(rows.count, seen, strip, item.span.keys.count, scratch, rows.count)
        for column in Swift.stride(from: 0, to: size, by: 16) {
            kernels.pack_columns(
                rows.count, min(16, size - column), matrix + column, stride, panels + column * rows.count)
        }
        kernels.matmul(
            seen, size, rows.count, scratch, rows.count, panels, rows.count * 16,
            target.pointer(row: item.span.keys.lowerBound, column: item.head * size), target.width, 1, nil)
    }
}
