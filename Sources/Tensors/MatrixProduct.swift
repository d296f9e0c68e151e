internal import Kernels
internal import Runtime

/// A matrix as it lies in memory: rows one after another, or its transpose so.
struct MatrixView {
    let floats: UnsafeMutablePointer<Float>
    let rows: Int
    let columns: Int
    /// Floats from one stored row to the next.
    let stride: Int
    /// Whether the stored rows are this matrix's columns.
    let isTransposed: Bool
    /// Held, so that the pool hands the elements to nobody else meanwhile.
    private let buffer: Buffer

    /// Some rows of a tensor, or all; all axes but the last taken together.
    init(_ tensor: Tensor, rows range: Range<Int>? = nil) {
        let (range, width) = (range ?? 0..<tensor.rows, tensor.shape[-1])
        floats = tensor.floats + range.lowerBound * width
        rows = range.count
        columns = width
        stride = width
        isTransposed = false
        buffer = tensor.buffer
    }

    private init(transposing view: MatrixView) {
        floats = view.floats
        rows = view.columns
        columns = view.rows
        stride = view.stride
        isTransposed = !view.isTransposed
        buffer = view.buffer
    }

    private init(_ view: MatrixView, rows: Range<Int>, columns: Range<Int>) {
        precondition(rows.upperBound <= view.rows && columns.upperBound <= view.columns)
        floats = view.pointer(rows.lowerBound, columns.lowerBound)
        self.rows = rows.count
        self.columns = columns.count
        stride = view.stride
        isTransposed = view.isTransposed
        buffer = view.buffer
    }

    var transposed: MatrixView { MatrixView(transposing: self) }

    /// Some rows and columns of it.
    func part(rows: Range<Int>, columns: Range<Int>) -> MatrixView {
        MatrixView(self, rows: rows, columns: columns)
    }

    /// Where the element of that row and column is.
    func pointer(_ row: Int, _ column: Int) -> UnsafeMutablePointer<Float> {
        isTransposed ? floats + column * stride + row : floats + row * stride + column
    }
}

/// What is done to each element of a product once its sum is complete.
struct ProductEpilogue {
    var bias: Tensor?
    var activation = Activation.identity
    /// [rows, columns].
    var residual: Tensor?
}

extension ForwardContext {
    /// c = a b, or c += a b, packing what it needs on its way: for matrices that change from one step to the next.
    ///
    /// An element is made in the order that ``linear(_:_:bias:activation:adding:)`` describes, so that weights give the same bits
    /// packed or not.
    func multiply(
        _ a: MatrixView, _ b: MatrixView, into c: MatrixView, accumulate: Bool = false,
        epilogue: ProductEpilogue? = nil
    ) {
        precondition(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns && !c.isTransposed)
        if c.rows == 0 || c.columns == 0 { return }
        let scratch = tensor(Shape(team.threads, ProductTask.scratchCount))
        let task = ProductTask(
            a: a, b: b, c: c, accumulate: accumulate, epilogue: epilogue, scratch: scratch, kernels: kernels)
        team.run(task, operations: c.rows * c.columns * a.columns)
    }
}

private struct ProductTask: TeamTask {
    let a: MatrixView
    let b: MatrixView
    let c: MatrixView
    let accumulate: Bool
    let epilogue: ProductEpilogue?
    let scratch: Tensor
    let kernels: KernelTable

    private static let depthTogether = Int(KERNELS_DEPTH_BLOCK)
    /// Columns that are packed together: six panels' worth, which lie side by side in a row that is not transposed.
    private static let columnsTogether = 96
    static let scratchCount = (RowGroups.largest + columnsTogether) * depthTogether

    /// Each part makes a run of columns for all rows, or of the rows for all columns: of the two matrices, all parts pack the
    /// smaller one. A few panels divide badly.
    func run(part: Int, of parts: Int) {
        let panels = (c.columns + 15) / 16
        if parts == 1 || panels >= 8 * parts && c.columns > c.rows {
            let first = panels * part / parts * 16
            let last = min(panels * (part + 1) / parts * 16, c.columns)
            multiply(rows: 0..<c.rows, columns: first..<last, part)
        } else {
            // Whole tiles of the kernels, which are of six rows or 24, as long as that leaves each part a few.
            let tile = c.rows < 96 * parts ? 6 : 24
            let tiles = (c.rows + tile - 1) / tile
            let first = tiles * part / parts * tile
            let last = min(tiles * (part + 1) / parts * tile, c.rows)
            multiply(rows: first..<last, columns: 0..<c.columns, part)
        }
    }

    private func multiply(rows: Range<Int>, columns: Range<Int>, _ part: Int) {
        if columns.isEmpty { return }
        // Short rows leave room for more, four times as many at most.
        let longest = max(min(a.columns, Self.depthTogether), Self.depthTogether / 4)
        for group in RowGroups(rows, largest: RowGroups.largest * Self.depthTogether / longest) {
            var start = 0
            repeat {  // a depth of 0 is one empty block
                let depth = start..<min(start + Self.depthTogether, a.columns)
                multiply(rows: group, depth: depth, columns: columns, part)
                start += Self.depthTogether
            } while start < a.columns
        }
    }

    /// What one block of the depth adds to a group of rows.
    private func multiply(rows: Range<Int>, depth: Range<Int>, columns: Range<Int>, _ part: Int) {
        assert(rows.count * depth.count <= RowGroups.largest * Self.depthTogether)
        let panel = scratch.floats + part * Self.scratchCount
        let tiles = panel + Self.columnsTogether * Self.depthTogether
        kernels.pointee.pack_tiles(
            rows.count, depth.count, a.pointer(rows.lowerBound, depth.lowerBound), a.isTransposed ? 1 : a.stride,
            a.isTransposed ? a.stride : 1, tiles)
        let isLast = depth.upperBound == a.columns
        for column in stride(from: columns.lowerBound, to: columns.upperBound, by: Self.columnsTogether) {
            let width = min(Self.columnsTogether, columns.upperBound - column)
            pack(depth, columns: column..<column + width, into: panel)
            let output = c.pointer(rows.lowerBound, column)
            let adding: Int32 = accumulate || depth.lowerBound > 0 ? 1 : 0
            var finish = (epilogue ?? ProductEpilogue()).kernel(
                row: rows.lowerBound, column: column, outputs: c.columns)
            withUnsafePointer(to: &finish) { finish in
                kernels.pointee.matmul_tiles(
                    rows.count, width, depth.count, tiles, panel, 16 * depth.count, output, c.stride, adding,
                    isLast && epilogue != nil ? finish : nil)
            }
        }
    }

    /// Panels of b: some columns over one block of the depth.
    private func pack(_ depth: Range<Int>, columns: Range<Int>, into panels: UnsafeMutablePointer<Float>) {
        // Where the depth goes from row to row, rows may be far apart: a few give all panels their part before the next.
        let together = b.isTransposed ? Self.depthTogether : 16
        for start in stride(from: depth.lowerBound, to: depth.upperBound, by: together) {
            let count = min(together, depth.upperBound - start)
            for column in stride(from: columns.lowerBound, to: columns.upperBound, by: 16) {
                let source = b.pointer(start, column)
                let panel = panels + (column - columns.lowerBound) * depth.count + (start - depth.lowerBound) * 16
                let width = min(16, columns.upperBound - column)
                if b.isTransposed {
                    kernels.pointee.pack_rows(count, width, source, b.stride, panel)
                } else {
                    kernels.pointee.pack_columns(count, width, source, b.stride, panel)
                }
            }
        }
    }
}
