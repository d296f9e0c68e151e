internal import Kernels
internal import Runtime

/// Many rows of activations in the order of the kernels' tiles: a group of rows after another, and of each a block of the depth
/// after another.
struct TiledRows {
    let rows: Int
    let inputs: Int
    private let tiles: Tensor

    static let depthTogether = Int(KERNELS_DEPTH_BLOCK)
    /// Panels that a group of rows passes before the next: the tiles of a block, what they make with these panels and the
    /// panels' blocks fit a second cache.
    static let panelsTogether = 24

    /// - Parameter tiles: rows * inputs floats, yet to be filled.
    init(rows: Int, inputs: Int, tiles: Tensor) {
        self.rows = rows
        self.inputs = inputs
        self.tiles = tiles
    }

    var groups: RowGroups { RowGroups(0..<rows, largest: 144) }
    /// No inputs make one empty block.
    var blocks: Int { max((inputs + Self.depthTogether - 1) / Self.depthTogether, 1) }

    func inputs(of block: Int) -> Range<Int> {
        block * Self.depthTogether..<min((block + 1) * Self.depthTogether, inputs)
    }

    /// The tiles of a group and a block.
    func tiles(_ group: Range<Int>, _ block: Int) -> UnsafeMutablePointer<Float> {
        tiles.floats + group.lowerBound * inputs + group.count * block * Self.depthTogether
    }
}

extension ForwardContext {
    /// The rows of x in tiles, which all threads make and then share.
    func tiled(_ x: Tensor) -> TiledRows {
        let rows = TiledRows(rows: x.rows, inputs: x.shape[-1], tiles: tensor(x.shape))
        team.run(PackRowsTask(x: x, rows: rows, kernels: kernels), operations: x.shape.count)
        return rows
    }
}

private struct PackRowsTask: TeamTask {
    let x: Tensor
    let rows: TiledRows
    let kernels: KernelTable

    /// Each part packs some of the groups' blocks.
    func run(part: Int, of parts: Int) {
        var number = 0
        for group in rows.groups {
            for block in 0..<rows.blocks {
                number += 1
                if number % parts != part { continue }
                let inputs = rows.inputs(of: block)
                kernels.pointee.pack_tiles(
                    group.count, inputs.count, x.floats + group.lowerBound * rows.inputs + inputs.lowerBound,
                    rows.inputs, 1, rows.tiles(group, block))
            }
        }
    }
}

/// Weights of f32 and f16 and many rows.
struct TiledLinearTask: TeamTask {
    let rows: TiledRows
    let weight: PackedMatrix
    let epilogue: ProductEpilogue
    let y: Tensor
    let kernels: KernelTable

    /// Each part makes a run of neighbouring outputs for all rows.
    func run(part: Int, of parts: Int) {
        let (first, columns) = weight.outputs(part: part, of: parts)
        if columns <= 0 { return }
        let width = TiledRows.panelsTogether * 16
        for group in rows.groups {
            for column in stride(from: first, to: first + columns, by: width) {
                let outputs = column..<min(column + width, first + columns)
                for block in 0..<rows.blocks { multiply(group, outputs, block) }
            }
        }
    }

    /// What one block of the depth adds to some rows' outputs.
    private func multiply(_ group: Range<Int>, _ outputs: Range<Int>, _ block: Int) {
        let (inputs, width, tiles) = (rows.inputs(of: block), weight.outputs, rows.tiles(group, block))
        let panel = weight.panels + outputs.lowerBound / 16 * weight.panelStride
        let found = y.floats + group.lowerBound * width + outputs.lowerBound
        var finish = epilogue.kernel(row: group.lowerBound, column: outputs.lowerBound, outputs: width)
        let adding: Int32 = block > 0 ? 1 : 0
        withUnsafePointer(to: &finish) { finish in
            let finish = block + 1 == rows.blocks ? finish : nil
            if weight.format == .f16 {
                kernels.pointee.matmul_tiles_f16(
                    group.count, outputs.count, inputs.count, tiles,
                    panel.assumingMemoryBound(to: UInt16.self) + inputs.lowerBound * 16, weight.inputs * 16, found,
                    width, adding, finish)
            } else {
                kernels.pointee.matmul_tiles(
                    group.count, outputs.count, inputs.count, tiles,
                    panel.assumingMemoryBound(to: Float.self) + inputs.lowerBound * 16, weight.inputs * 16, found,
                    width, adding, finish)
            }
        }
    }
}
