internal import Kernels
package import Runtime

/// The weights of a linear map, repacked once for the matmul kernels: panels of 16 outputs, the last one padded with
/// zeros. Kernels.h has the layout of a panel in each format.
public final class PackedMatrix: @unchecked Sendable {
    // Sound: written while it is made, never after.
    /// How many numbers go in.
    public let inputs: Int
    /// How many come out.
    public let outputs: Int
    public let format: WeightFormat
    /// Whether every weight is a number, neither infinite nor NaN, also in its format. Panels that lie in a file are taken to
    /// be: to look at them would load them.
    public internal(set) var isFinite: Bool
    /// Read only where they lie in a file.
    package let panels: UnsafeMutableRawPointer
    /// What keeps the panels' memory, where that is not this object.
    private let owner: (any AnyObject & Sendable)?

    /// Bytes from one panel to the next.
    package var panelStride: Int { format.panelBytes(inputs: inputs) }

    /// Bytes that the packed weights take in memory.
    public var byteCount: Int { format.byteCount(inputs: inputs, outputs: outputs) }

    /// Packs a matrix as it is stored, slice by slice; a slice's mapped pages can be given back once it is packed, so
    /// that the file and its packed copy never stand in memory together.
    ///
    /// - Parameter memory: where it goes if there is room; else it has memory of its own.
    package init(_ source: StoredMatrix, format: WeightFormat = .f32, memory: PanelMemory? = nil, team: Team) {
        (inputs, outputs) =
            switch source.layout {
            case .inputsByOutputs: (source.rows, source.columns)
            case .outputsByInputs: (source.columns, source.rows)
            }
        self.format = format
        let byteCount = format.byteCount(inputs: inputs, outputs: outputs)
        let room = memory?.take(byteCount: byteCount)
        owner = room == nil ? nil : memory
        panels = room ?? .allocateWeights(byteCount: byteCount)
        let task = PackTask(source: source, format: format, panels: panels, kernels: Processor.kernels)
        team.run(task)
        isFinite = task.isFinite
    }

    /// Weights whose panels are yet to be filled, by whoever makes the matrix and then says whether they are numbers.
    init(inputs: Int, outputs: Int, format: WeightFormat) {
        self.inputs = inputs
        self.outputs = outputs
        self.format = format
        isFinite = true
        owner = nil
        panels = .allocateWeights(byteCount: format.byteCount(inputs: inputs, outputs: outputs))
    }

    /// Weights that lie packed in memory, as in a mapped file; none of it is touched until it is used.
    ///
    /// - Parameters:
    ///   - panels: as many bytes as ``WeightFormat/panelBytes(inputs:)`` says for each 16 outputs, at any alignment.
    ///   - owner: keeps them.
    package convenience init(
        panels: UnsafeRawPointer, inputs: Int, outputs: Int, format: WeightFormat, owner: any AnyObject & Sendable
    ) {
        precondition(format.isQuantized, "floats are packed from how files store them")
        self.init(
            panels: UnsafeMutableRawPointer(mutating: panels), inputs: inputs, outputs: outputs, format: format,
            isFinite: true, owner: owner)
    }

    /// Copies weights that lie packed in a mapped file; nil where `memory` has no room for them.
    ///
    /// - Parameters:
    ///   - panels: as many bytes as ``WeightFormat/byteCount(inputs:outputs:)`` says, at any alignment.
    ///   - release: told which bytes need not stay in memory any longer.
    package convenience init?(
        copying panels: UnsafeRawPointer, inputs: Int, outputs: Int, format: WeightFormat, into memory: PanelMemory,
        release: @escaping @Sendable (Range<Int>) -> Void, team: Team
    ) {
        let byteCount = format.byteCount(inputs: inputs, outputs: outputs)
        guard let room = memory.take(byteCount: byteCount) else { return nil }
        team.run(CopyTask(source: panels, destination: room, byteCount: byteCount, release: release))
        self.init(panels: room, inputs: inputs, outputs: outputs, format: format, isFinite: true, owner: memory)
    }

    private init(
        panels: UnsafeMutableRawPointer, inputs: Int, outputs: Int, format: WeightFormat, isFinite: Bool,
        owner: any AnyObject & Sendable
    ) {
        self.panels = panels
        self.inputs = inputs
        self.outputs = outputs
        self.format = format
        self.isFinite = isFinite
        self.owner = owner
    }

    /// Packs a weight that is not packed yet; one that is stays as it is.
    package static func packing(_ weight: Weight, format: WeightFormat = .f32, team: Team) -> PackedMatrix {
        func pack(_ tensor: Tensor, _ layout: StoredMatrix.Layout) -> PackedMatrix {
            withExtendedLifetime(tensor) {
                PackedMatrix(
                    StoredMatrix(
                        layout: layout, rows: tensor.shape[0], columns: tensor.shape[1], dtype: .f32,
                        bytes: UnsafeRawPointer(tensor.floats)), format: format, team: team)
            }
        }
        return switch weight {
        case .packed(let matrix): matrix
        case .inputsByOutputs(let tensor): pack(tensor, .inputsByOutputs)
        case .outputsByInputs(let tensor): pack(tensor, .outputsByInputs)
        }
    }

    /// Whether the scales of all blocks are numbers. Reads every panel.
    var scalesAreFinite: Bool {
        let block = format.panelBytes(inputs: 32)
        return stride(from: 0, to: byteCount, by: block).allSatisfy { start in
            HalfPrecision.areFinite(UnsafeRawPointer(panels + start).assumingMemoryBound(to: UInt16.self), count: 16)
        }
    }

    deinit { if owner == nil { panels.deallocate() } }

    /// The weights of some outputs in the same memory; nil where the range starts inside a panel.
    package func outputs(_ range: Range<Int>) -> PackedMatrix? {
        precondition(range.lowerBound >= 0 && range.upperBound <= outputs, "outputs \(range) of \(outputs)")
        if !range.lowerBound.isMultiple(of: 16) { return nil }
        return PackedMatrix(
            panels: panels + range.lowerBound / 16 * panelStride, inputs: inputs, outputs: range.count, format: format,
            isFinite: isFinite, owner: owner ?? self)
    }

    /// Copies the weights that make output `index`, [inputs], to `destination`. For an embedding that shares its
    /// table with the head, this is a token's vector.
    package func copyOutput(_ index: Int, to destination: UnsafeMutablePointer<Float>) {
        let (panel, lane) = (UnsafeRawPointer(panels) + index / 16 * panelStride, index % 16)
        switch format {
        case .f32:
            let floats = panel.assumingMemoryBound(to: Float.self) + lane
            for i in 0..<inputs { destination[i] = floats[i * 16] }
        case .f16:
            let halves = panel.assumingMemoryBound(to: UInt16.self) + lane
            let kernels = Processor.kernels  // looked up once
            for i in 0..<inputs { kernels.pointee.widen_f16(1, halves + i * 16, destination + i) }
        case .q8, .q4:
            let blocks = (inputs + 31) / 32
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 32) { numbers in  // so few lie on the stack
                guard let floats = numbers.baseAddress else { return }
                for k in 0..<blocks {
                    let block = (panel + k * panelStride / blocks).assumingMemoryBound(to: UInt8.self)
                    if format == .q8 {
                        kernels_unpack_q8(block, lane, floats)
                    } else {
                        kernels_unpack_q4(block, lane, floats)
                    }
                    (destination + k * 32).update(from: floats, count: min(32, inputs - k * 32))
                }
            }
        }
    }
}

/// Copies bytes of a mapped file: each thread a run of them, so many at a time.
private struct CopyTask: TeamTask {
    // Safe to share: the source is only read, and each part writes bytes of its own.
    nonisolated(unsafe) let source: UnsafeRawPointer
    nonisolated(unsafe) let destination: UnsafeMutableRawPointer
    let byteCount: Int
    let release: @Sendable (Range<Int>) -> Void

    /// Each piece that is given back interrupts the other processors.
    private static let pieceLength = 4 << 20

    func run(part: Int, of parts: Int) {
        let end = byteCount * (part + 1) / parts
        for start in stride(from: byteCount * part / parts, to: end, by: Self.pieceLength) {
            let count = min(Self.pieceLength, end - start)
            (destination + start).copyMemory(from: source + start, byteCount: count)
            release(start..<start + count)
        }
    }
}
