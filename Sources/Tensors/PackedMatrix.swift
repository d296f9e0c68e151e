internal import Kernels
package import Runtime
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The weights of a linear map, repacked once for the matmul kernels: panels of 16 outputs, each with its `inputs`
/// rows one after another, the last panel padded with zeros.
public final class PackedMatrix: @unchecked Sendable {
    // Sound: written while it is made, never after.
    /// How many numbers go in.
    public let inputs: Int
    /// How many come out.
    public let outputs: Int
    /// Whether every weight is a number, neither infinite nor NaN.
    public let isFinite: Bool
    package let panels: UnsafeMutablePointer<Float>

    /// Floats from one panel to the next.
    package var panelStride: Int { inputs * 16 }
    private static func floats(inputs: Int, outputs: Int) -> Int { (outputs + 15) / 16 * 16 * inputs }

    /// Bytes that the packed weights take in memory.
    public var byteCount: Int { Self.floats(inputs: inputs, outputs: outputs) * 4 }

    /// Packs a matrix as it is stored, slice by slice; a slice's mapped pages can be given back once it is packed, so
    /// that the file and its packed copy never stand in memory together.
    package init(_ source: StoredMatrix, team: Team) {
        (inputs, outputs) =
            switch source.layout {
            case .inputsByOutputs: (source.rows, source.columns)
            case .outputsByInputs: (source.columns, source.rows)
            }
        let bytes = Self.floats(inputs: inputs, outputs: outputs) * 4
        // Huge pages spare the decoder thousands of address look-ups a token.
        let huge = 2 << 20
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 64), alignment: bytes >= huge ? huge : 64)
        #if os(Linux)
            if bytes >= huge { madvise(raw, bytes / huge * huge, 14 /* MADV_HUGEPAGE */) }
        #endif
        panels = raw.bindMemory(to: Float.self, capacity: max(bytes, 64) / 4)
        let task = PackTask(source: source, panels: panels, kernels: Processor.kernels)
        team.run(task)
        isFinite = task.isFinite
    }

    /// Packs a weight that is not packed yet; one that is stays as it is.
    package static func packing(_ weight: Weight, team: Team) -> PackedMatrix {
        func pack(_ tensor: Tensor, _ layout: StoredMatrix.Layout) -> PackedMatrix {
            withExtendedLifetime(tensor) {
                PackedMatrix(
                    StoredMatrix(
                        layout: layout, rows: tensor.shape[0], columns: tensor.shape[1], dtype: .f32,
                        bytes: UnsafeRawPointer(tensor.floats)), team: team)
            }
        }
        return switch weight {
        case .packed(let matrix): matrix
        case .inputsByOutputs(let tensor): pack(tensor, .inputsByOutputs)
        case .outputsByInputs(let tensor): pack(tensor, .outputsByInputs)
        }
    }

    deinit { UnsafeMutableRawPointer(panels).deallocate() }

    /// Copies the weights that make output `index`, [inputs], to `destination`. For an embedding that shares its
    /// table with the head, this is a token's vector.
    package func copyOutput(_ index: Int, to destination: UnsafeMutablePointer<Float>) {
        let lane = panels + index / 16 * panelStride + index % 16
        for i in 0..<inputs { destination[i] = lane[i * 16] }
    }
}

private struct PackTask: TeamTask {
    let source: StoredMatrix
    /// Safe to share: each part writes the places of its own slices.
    nonisolated(unsafe) let panels: UnsafeMutablePointer<Float>
    let kernels: kernels_table
    private let flag = Flag()

    private final class Flag: Sendable { let isSet = Atomic<Bool>(false) }

    init(source: StoredMatrix, panels: UnsafeMutablePointer<Float>, kernels: kernels_table) {
        self.source = source
        self.panels = panels
        self.kernels = kernels
    }

    var isFinite: Bool { !flag.isSet.load(ordering: .relaxed) }

    func run(part: Int, of parts: Int) {
        let columns = source.columns
        // Some 256 KB at a time, which stays in the second cache; whole panels where rows are outputs.
        let sliceRows = max(1, 65_536 / max(columns, 1) / 16) * 16
        // Pages are given back some 4 MB at a time: each time interrupts the other processors.
        let slices = (source.rows + sliceRows - 1) / sliceRows
        let groupRows = max(1, min(16, slices / parts)) * sliceRows
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: max(1, sliceRows * columns))
        defer { scratch.deallocate() }
        for group in stride(from: part * groupRows, to: source.rows, by: parts * groupRows) {
            let end = min(group + groupRows, source.rows)
            for start in stride(from: group, to: end, by: sliceRows) {
                pack(start..<min(start + sliceRows, end), scratch: scratch)
            }
            source.release(group * columns * source.dtype.size..<end * columns * source.dtype.size)
        }
    }

    private func pack(_ rows: Range<Int>, scratch: UnsafeMutablePointer<Float>) {
        let columns = source.columns
        let slice = source.floats(
            rows.lowerBound * columns, count: rows.count * columns, scratch: scratch, kernels: kernels)
        if kernels_all_finite(rows.count * columns, slice) == 0 { flag.isSet.store(true, ordering: .relaxed) }
        switch source.layout {
        case .inputsByOutputs:
            for column in stride(from: 0, to: columns, by: 16) {
                kernels.pack_columns(
                    rows.count, min(16, columns - column), slice + column, columns,
                    panels + column * source.rows + rows.lowerBound * 16)
            }
        case .outputsByInputs:
            for row in stride(from: 0, to: rows.count, by: 16) {
                kernels.pack_rows(
                    columns, min(16, rows.count - row), slice + row * columns, columns,
                    panels + (rows.lowerBound + row) * columns)
            }
        }
    }
}
