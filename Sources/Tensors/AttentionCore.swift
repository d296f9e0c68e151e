internal import Kernels

/// What forward and backward pass of attention share: the strips of weights.
struct AttentionCore {
    let queries: TensorColumns
    let keys: TensorColumns
    let values: TensorColumns
    let heads: Int
    let scale: Float
    let spans: [AttentionSpan]
    let mask: AttentionMask
    let kernels: KernelTable
    var dropout: DropoutMask?
    /// The first row's number among all of the training step, for dropout.
    var firstRow = 0
    /// All weights as somebody has seen them, and of which sequences they have put others in their place.
    var shownWeights: Tensor?
    var isReplaced: [Bool] = []

    /// Random numbers for the keys of one query and head.
    private static let dropoutPositions = 1 << 20

    var headSize: Int { queries.range.count / heads }
    private var longest: Int { spans.reduce(0) { max($0, $1.keys.count) } }
    private var paddedLongest: Int { (longest + 15) / 16 * 16 }
    private var paddedHead: Int { (headSize + 15) / 16 * 16 }
    var stripCount: Int { AttentionStrip.rows * AttentionStrip.stride(keys: longest) }
    var keyPanelCount: Int { paddedLongest * headSize }
    var valuePanelCount: Int { paddedLongest * paddedHead }
    var stripPanelCount: Int { AttentionStrip.rows * paddedHead }
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
        // Keys that sequences share belong to one thread for each head, which adds their gradients up in order.
        let hasOwnKeys = zip(spans, spans.dropFirst()).allSatisfy { $0.keys.upperBound <= $1.keys.lowerBound }
        var (index, weight) = (0, 0)
        for span in spans {
            for head in 0..<heads {
                if (hasOwnKeys ? index : head) % parts == part {
                    body(Item(index: index, span: span, head: head, firstWeight: weight))
                }
                index += 1
                weight += span.queries.count * span.keys.count
            }
        }
    }

    /// The weights of a sequence and head that somebody has put in place of those that queries and keys make.
    func fixedWeights(_ item: Item) -> UnsafeMutablePointer<Float>? {
        guard let shownWeights, isReplaced[item.index / heads] else { return nil }
        return shownWeights.floats + item.firstWeight
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
            kernels.pointee.pack_rows(
                headSize, min(16, count - key),
                columns.pointer(row: item.span.keys.lowerBound + key, column: item.head * headSize), columns.width,
                panels + key * headSize)
        }
    }

    /// Panels of 16 columns of a head of keys or values, [keys, 16] each.
    func packColumns(_ columns: TensorColumns, _ item: Item, into panels: UnsafeMutablePointer<Float>) {
        let count = item.span.keys.count
        for column in stride(from: 0, to: headSize, by: 16) {
            kernels.pointee.pack_columns(
                count, min(16, headSize - column),
                columns.pointer(row: item.span.keys.lowerBound, column: item.head * headSize + column), columns.width,
                panels + column * count)
        }
    }

    /// The attention weights of some rows, before dropout: zeros where a key is masked.
    func weigh(
        _ item: Item, _ rows: Range<Int>, keyPanels: UnsafeMutablePointer<Float>, into strip: AttentionStrip
    ) {
        let count = item.span.keys.count
        let seen = visible(item, rows.upperBound - 1)
        kernels.pointee.matmul(
            rows.count, seen, headSize, query(item, rows.lowerBound), queries.width, keyPanels, headSize * 16, nil,
            strip.floats, strip.stride, 0, nil)
        for row in rows {
            let line = strip.row(row - rows.lowerBound)
            let visible = visible(item, row)
            for key in visible..<count { line[key] = 0 }
            if mask.keyPadding == nil && mask.additive == nil {
                kernels.pointee.softmax(visible, scale, line)
                continue
            }
            for key in 0..<visible { line[key] *= scale }
            addMasks(item, row, visible, line)
            if (0..<visible).allSatisfy({ line[$0] == -.infinity }) {
                for key in 0..<visible { line[key] = 0 }
            } else {
                kernels.pointee.softmax(visible, 1, line)
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

    /// Drops weights, or gradients of weights, of some rows as far as any of them sees: `from` and `to` may be the same.
    func drop(_ item: Item, _ rows: Range<Int>, from: AttentionStrip, to: AttentionStrip) {
        guard let dropout else { return }
        let count = visible(item, rows.upperBound - 1)
        for row in rows {
            // By the row's number in the whole step, the head and the key.
            let number = (firstRow + item.span.queries.lowerBound + row) * heads + item.head
            let line = row - rows.lowerBound
            dropout.apply(count, at: number * Self.dropoutPositions, from.row(line), to.row(line), kernels)
        }
    }

    /// Strips of an item's rows.
    func forEachStrip(_ item: Item, _ body: (Range<Int>) -> Void) {
        let count = item.span.queries.count
        for start in stride(from: 0, to: count, by: AttentionStrip.rows) {
            body(start..<min(start + AttentionStrip.rows, count))
        }
    }
}
