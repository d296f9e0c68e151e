internal import Kernels
internal import Runtime

/// One sequence's rows in a batch of sequences of different lengths.
public struct SequenceSpan {
    /// Its keys and values so far, and room for those of these rows.
    public let cache: KVCache
    /// The row of the batch that holds its first new token.
    public let firstRow: Int
    /// How many new tokens it has.
    public let count: Int
    /// The position of its first new token.
    public let firstPosition: Int

    public init(cache: KVCache, firstRow: Int, count: Int, firstPosition: Int) {
        self.cache = cache
        self.firstRow = firstRow
        self.count = count
        self.firstPosition = firstPosition
    }

    /// Some rows of a batch's sequences, each a span of its own among these rows alone.
    package static func only(_ rows: [Int32], of spans: [SequenceSpan]) -> [SequenceSpan] {
        rows.enumerated().map { index, row in
            guard let span = spans.first(where: { ($0.firstRow..<$0.firstRow + $0.count).contains(Int(row)) }) else {
                preconditionFailure("row \(row) belongs to no sequence")
            }
            return SequenceSpan(
                cache: span.cache, firstRow: index, count: 1,
                firstPosition: span.firstPosition + Int(row) - span.firstRow)
        }
    }

    /// Stops where a cache is another model's or has no room, or a sequence's rows are not there.
    static func check(_ spans: [SequenceSpan], projections: Shape, rows: Int, layer: Int) {
        for span in spans {
            let cache = span.cache
            precondition(
                projections[-1] == 3 * cache.heads * cache.headSize && layer >= 0 && layer < cache.layers,
                "projections of shape \(projections) in layer \(layer), and a cache of \(cache.layers) layers with "
                    + "\(cache.heads) heads of \(cache.headSize) channels")
            precondition(
                span.firstRow >= 0 && span.count >= 0 && span.firstRow + span.count <= rows,
                "\(span.count) rows from \(span.firstRow) of \(rows)")
            precondition(
                span.firstPosition >= 0 && span.firstPosition + span.count <= cache.capacity,
                "\(span.count) positions from \(span.firstPosition) in a cache of \(cache.capacity)")
        }
    }
}

extension ForwardContext {
    /// Stores keys and values of new tokens in their sequences' caches.
    ///
    /// - Parameters:
    ///   - projections: [R, 3C], each row a query, a key and a value for every head.
    public func storeKeysAndValues(_ projections: Tensor, spans: [SequenceSpan], layer: Int) {
        SequenceSpan.check(spans, projections: projections.shape, rows: projections.rows, layer: layer)
        let task = StoreTask(projections: projections, spans: spans, layer: layer)
        team.run(task, operations: projections.shape.count * 2)
    }

    /// Causal multi-head attention over cached keys and values: each row attends to its sequence's positions up to its
    /// own (Vaswani et al., arXiv:1706.03762, section 3.2).
    ///
    /// Works on strips of at most 32 rows by all keys they see, one head at a time: scores, softmax(scores * scale),
    /// then values, added up page by page of 64 positions.
    ///
    /// - Parameters:
    ///   - projections: [R, 3C], whose keys and values ``storeKeysAndValues(_:spans:layer:)`` has stored.
    ///   - scale: factor on the scores, 1/√D in GPT-2.
    /// - Returns: what each head found, side by side, [R, C].
    public func attention(_ projections: Tensor, spans: [SequenceSpan], layer: Int, scale: Float) -> Tensor {
        if let tape, tape.follows(projections) {
            tape.fail(
                "keys and values in a cache pass no gradients on", advice: "Train on whole sequences, without caches")
        }
        SequenceSpan.check(spans, projections: projections.shape, rows: projections.rows, layer: layer)
        let channels = projections.shape[-1] / 3
        let output = tensor(Shape(projections.rows, channels))
        let longest = spans.reduce(0) { max($0, $1.cache.capacity) }
        let rows = spans.reduce(0) { max($0, min($1.count, AttentionStrip.rows)) }
        let work = spans.reduce(0) { $0 + $1.count * ($1.firstPosition + $1.count) } * channels * 2
        let tapped = isTapped(.attentionPattern, layer: layer)
        let stripStride = tapped ? 0 : AttentionStrip.stride(keys: longest)
        var task = AttentionTask(
            projections: projections, spans: spans, layer: layer, scale: scale, output: output,
            scratch: tensor(Shape(team.threads, rows, stripStride + KVCache.pageLength)), stripStride: stripStride,
            kernels: kernels)
        if !tapped {
            team.run(task, operations: work)
            return output
        }
        // Somebody looks: the patterns of one sequence at a time become a tensor, made and used by the same kernels.
        for span in spans {
            task.spans = [span]
            let shape = Shape(span.cache.heads, span.count, span.firstPosition + span.count)
            task.pattern = tensor(shape)
            task.phase = .pattern
            team.run(task, operations: work)
            task.pattern = task.pattern.map { tap(.attentionPattern, layer: layer, $0) }
            task.phase = .values
            team.run(task, operations: work)
        }
        return output
    }
}

private struct StoreTask: TeamTask {
    let projections: Tensor
    let spans: [SequenceSpan]
    let layer: Int

    /// Each part stores some of the heads.
    func run(part: Int, of parts: Int) {
        let channels = projections.shape[-1] / 3
        for span in spans {
            let (heads, size) = (span.cache.heads, span.cache.headSize)
            for row in 0..<span.count {
                let projection = projections.floats + (span.firstRow + row) * channels * 3
                for head in heads * part / parts..<heads * (part + 1) / parts {
                    span.cache.write(
                        position: span.firstPosition + row, layer: layer, head: head,
                        key: projection + channels + head * size, value: projection + channels * 2 + head * size)
                }
            }
        }
    }
}

private struct AttentionTask: TeamTask {
    enum Phase { case whole, pattern, values }

    let projections: Tensor
    var spans: [SequenceSpan]
    let layer: Int
    let scale: Float
    let output: Tensor
    /// [threads, strip rows, stripStride + page length]: for each thread a strip, where it lives when nobody looks, and a
    /// page's columns of it.
    let scratch: Tensor
    let stripStride: Int
    let kernels: KernelTable
    var phase = Phase.whole
    /// [H, rows, keys] of the only span, where they live when somebody does.
    var pattern: Tensor?

    /// Strips go round the parts in turn.
    func run(part: Int, of parts: Int) {
        var item = 0
        for span in spans {
            for start in stride(from: 0, to: span.count, by: AttentionStrip.rows) {
                let rows = start..<min(start + AttentionStrip.rows, span.count)
                for head in 0..<span.cache.heads {
                    if item % parts == part { attend(span, rows, head, part) }
                    item += 1
                }
            }
        }
    }

    private func attend(_ span: SequenceSpan, _ rows: Range<Int>, _ head: Int, _ part: Int) {
        let keys = span.firstPosition + rows.upperBound
        let strip =
            if let pattern {
                AttentionStrip(
                    floats: pattern.floats + (head * span.count + rows.lowerBound) * pattern.shape[2],
                    stride: pattern.shape[2])
            } else {
                AttentionStrip(floats: scratch(part), stride: stripStride)
            }
        if phase != .values {
            score(span, rows, head, keys: keys, into: strip)
            for row in rows {
                let line = strip.row(row - rows.lowerBound)
                let visible = span.firstPosition + row + 1
                kernels.pointee.softmax(visible, scale, line)
                for key in visible..<(pattern?.shape[2] ?? keys) { line[key] = 0 }
            }
        }
        if phase != .pattern {
            let scaled = AttentionStrip(
                floats: scratch(part) + scratch.shape[1] * stripStride, stride: KVCache.pageLength)
            sumValues(span, rows, head, keys: keys, strip: strip, scaled: scaled)
        }
    }

    private func scratch(_ part: Int) -> UnsafeMutablePointer<Float> {
        scratch.floats + part * scratch.shape[1] * scratch.shape[2]
    }

    /// strip[row, key] = query · key.
    private func score(
        _ span: SequenceSpan, _ rows: Range<Int>, _ head: Int, keys: Int, into strip: AttentionStrip
    ) {
        let (cache, size, width) = (span.cache, span.cache.headSize, projections.shape[-1])
        let queries = projections.floats + (span.firstRow + rows.lowerBound) * width + head * size
        let pages = KVCache.pages(for: keys)
        for page in 0..<pages {
            let columns = min(KVCache.pageLength, keys - page * KVCache.pageLength)
            let scores = AttentionStrip(floats: strip.floats + page * KVCache.pageLength, stride: strip.stride)
            multiply(
                queries, stride: width, rows: rows.count, depth: size,
                by: cache.keys(page: page, layer: layer, head: head),
                next: page + 1 < pages
                    ? cache.keys(page: page + 1, layer: layer, head: head)
                    : cache.values(page: 0, layer: layer, head: head),
                areBytes: cache.holdsBytes, panelStride: cache.keyPanelStride, columns: columns, into: scores.floats,
                stride: scores.stride, adding: false)
            if let scales = cache.scales(.key, page: page, layer: layer, head: head) {
                scores.multiply(by: scales, rows: rows.count, keys: columns, into: scores, kernels)
            }
        }
    }

    /// output[row] = Σ strip[row, key] value[key], page by page; where values are bytes, what they count goes to the weights.
    private func sumValues(
        _ span: SequenceSpan, _ rows: Range<Int>, _ head: Int, keys: Int, strip: AttentionStrip,
        scaled: AttentionStrip
    ) {
        let (cache, size, width) = (span.cache, span.cache.headSize, output.shape[-1])
        let found = output.floats + (span.firstRow + rows.lowerBound) * width + head * size
        let pages = KVCache.pages(for: keys)
        for page in 0..<pages {
            let depth = min(KVCache.pageLength, keys - page * KVCache.pageLength)
            var weights = AttentionStrip(floats: strip.floats + page * KVCache.pageLength, stride: strip.stride)
            if let scales = cache.scales(.value, page: page, layer: layer, head: head) {
                weights.multiply(by: scales, rows: rows.count, keys: depth, into: scaled, kernels)
                weights = scaled
            }
            multiply(
                weights.floats, stride: weights.stride, rows: rows.count, depth: depth,
                by: cache.values(page: page, layer: layer, head: head),
                next: page + 1 < pages ? cache.values(page: page + 1, layer: layer, head: head) : nil,
                areBytes: cache.holdsBytes, panelStride: KVCache.valuePanelStride, columns: size, into: found,
                stride: width, adding: page > 0)
        }
    }

    /// c = a b, or with `adding` c += a b, where b is a page's keys or values of one head. Pages lie far from each other, so the
    /// memory is asked for the `next` one meanwhile.
    private func multiply(
        _ a: UnsafePointer<Float>, stride aStride: Int, rows: Int, depth: Int, by b: UnsafeRawPointer,
        next: UnsafeRawPointer?, areBytes: Bool, panelStride: Int, columns: Int, into c: UnsafeMutablePointer<Float>,
        stride cStride: Int, adding: Bool
    ) {
        if areBytes {
            kernels.pointee.matmul_bytes(
                rows, columns, depth, a, aStride, b.assumingMemoryBound(to: Int8.self), panelStride,
                next?.assumingMemoryBound(to: Int8.self), c, cStride, adding ? 1 : 0)
        } else {
            kernels.pointee.matmul(
                rows, columns, depth, a, aStride, b.assumingMemoryBound(to: Float.self), panelStride,
                next?.assumingMemoryBound(to: Float.self), c, cStride, adding ? 1 : 0, nil)
        }
    }
}
