internal import Kernels
internal import Runtime
internal import Synchronization

/// Packs a stored matrix into panels, some rows at a time on each thread.
struct PackTask: TeamTask {
    let source: StoredMatrix
    let format: WeightFormat
    /// Safe to share: each part writes the places of its own slices.
    nonisolated(unsafe) let panels: UnsafeMutableRawPointer
    let kernels: KernelTable
    private let flag = Flag()

    private final class Flag: Sendable { let isSet = Atomic<Bool>(false) }

    init(source: StoredMatrix, format: WeightFormat, panels: UnsafeMutableRawPointer, kernels: KernelTable) {
        self.source = source
        self.format = format
        self.panels = panels
        self.kernels = kernels
    }

    /// Whether every weight is a number, before it was packed and after.
    var isFinite: Bool { !flag.isSet.load(ordering: .relaxed) }

    func run(part: Int, of parts: Int) {
        let columns = source.columns
        // Some 256 KB at a time, which stays in the second cache; whole panels where rows are outputs, whole blocks where
        // they are inputs.
        let sliceRows = max(1, 65_536 / max(columns, 1) / 32) * 32
        // Pages are given back some 4 MB at a time: each time interrupts the other processors.
        let slices = (source.rows + sliceRows - 1) / sliceRows
        let groupRows = max(1, min(16, slices / parts)) * sliceRows
        let floats = max(1, sliceRows * columns)
        // Panels are first made of floats, where the format is another.
        let panelFloats =
            format == .f32 ? 0 : ((source.layout == .inputsByOutputs ? sliceRows : columns) + 31) / 32 * 32 * 16
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: floats + panelFloats)
        defer { scratch.deallocate() }
        for group in stride(from: part * groupRows, to: source.rows, by: parts * groupRows) {
            let end = min(group + groupRows, source.rows)
            for start in stride(from: group, to: end, by: sliceRows) {
                pack(start..<min(start + sliceRows, end), scratch: scratch, panel: scratch + floats)
            }
            source.release(group * columns * source.dtype.size..<end * columns * source.dtype.size)
        }
    }

    private func pack(
        _ rows: Range<Int>, scratch: UnsafeMutablePointer<Float>, panel: UnsafeMutablePointer<Float>
    ) {
        let columns = source.columns
        let slice = source.floats(
            rows.lowerBound * columns, count: rows.count * columns, scratch: scratch, kernels: kernels)
        if kernels_all_finite(rows.count * columns, slice) == 0 { flag.isSet.store(true, ordering: .relaxed) }
        switch source.layout {
        case .inputsByOutputs:
            for column in stride(from: 0, to: columns, by: 16) {
                let place = place(output: column, input: rows.lowerBound)
                kernels.pointee.pack_columns(
                    rows.count, min(16, columns - column), slice + column, columns, floats(place, panel))
                convert(panel, inputs: rows.count, to: place)
            }
        case .outputsByInputs:
            for row in stride(from: 0, to: rows.count, by: 16) {
                let place = place(output: rows.lowerBound + row, input: 0)
                kernels.pointee.pack_rows(
                    columns, min(16, rows.count - row), slice + row * columns, columns, floats(place, panel))
                convert(panel, inputs: columns, to: place)
            }
        }
    }

    /// Where the run of a panel begins that starts with that output and input, both first ones of a panel and a block.
    private func place(output: Int, input: Int) -> UnsafeMutableRawPointer {
        let inputs = source.layout == .inputsByOutputs ? source.rows : source.columns
        return panels + output / 16 * format.panelBytes(inputs: inputs) + format.panelBytes(inputs: input)
    }

    private func floats(
        _ place: UnsafeMutableRawPointer, _ panel: UnsafeMutablePointer<Float>
    ) -> UnsafeMutablePointer<Float> {
        format == .f32 ? place.assumingMemoryBound(to: Float.self) : panel
    }

    /// Brings a run of a panel from floats into the format.
    private func convert(_ panel: UnsafeMutablePointer<Float>, inputs: Int, to place: UnsafeMutableRawPointer) {
        switch format {
        case .f32: break
        case .f16:
            let halves = place.assumingMemoryBound(to: UInt16.self)
            kernels.pointee.narrow_f16(inputs * 16, panel, halves)
            check(halves, count: inputs * 16)
        case .q8, .q4:
            let blocks = (inputs + 31) / 32
            (panel + inputs * 16).update(repeating: 0, count: (blocks * 32 - inputs) * 16)
            for block in 0..<blocks {
                let bytes = (place + format.panelBytes(inputs: block * 32)).assumingMemoryBound(to: UInt8.self)
                (format == .q8 ? kernels.pointee.pack_q8 : kernels.pointee.pack_q4)(panel + block * 32 * 16, bytes)
                check(UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt16.self), count: 16)
            }
        }
    }

    /// Weights and scales may be too large for halves.
    private func check(_ halves: UnsafePointer<UInt16>, count: Int) {
        if !HalfPrecision.areFinite(halves, count: count) { flag.isSet.store(true, ordering: .relaxed) }
    }
}
