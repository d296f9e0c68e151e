internal import Kernels
internal import Runtime

/// A matrix as a file holds it, row-major.
package struct StoredMatrix: Sendable {
    package enum Layout: Sendable {
        /// [inputs, outputs], as GPT-2's Conv1D stores its weights.
        case inputsByOutputs
        /// [outputs, inputs], as a linear layer or an embedding table stores them.
        case outputsByInputs
    }

    package let layout: Layout
    package let rows: Int
    package let columns: Int
    package let dtype: DType
    /// rows x columns elements of `dtype`, at any alignment. Safe to share: nothing writes them.
    package nonisolated(unsafe) let bytes: UnsafeRawPointer
    /// Called with a range of bytes that will not be read again.
    package let release: @Sendable (Range<Int>) -> Void

    package init(
        layout: Layout, rows: Int, columns: Int, dtype: DType, bytes: UnsafeRawPointer,
        release: @escaping @Sendable (Range<Int>) -> Void = { _ in }
    ) {
        precondition(dtype == .f32 || dtype == .f16 || dtype == .bf16, "weights are F32, F16 or BF16, not \(dtype)")
        self.layout = layout
        self.rows = rows
        self.columns = columns
        self.dtype = dtype
        self.bytes = bytes
        self.release = release
    }

    /// `count` elements from `start` on as floats, in place where they are aligned floats, else in `scratch`.
    func floats(
        _ start: Int, count: Int, scratch: UnsafeMutablePointer<Float>, kernels: KernelTable
    ) -> UnsafePointer<Float> {
        let source = bytes + start * dtype.size
        if dtype == .f32, Int(bitPattern: source) % 4 == 0 { return source.assumingMemoryBound(to: Float.self) }
        if dtype == .f32 || Int(bitPattern: source) % 2 != 0 {
            // Unaligned: move it first; halves go to the upper end, so that widening does not overtake itself.
            let moved = UnsafeMutableRawPointer(scratch) + count * (4 - dtype.size)
            moved.copyMemory(from: source, byteCount: count * dtype.size)
            if dtype == .f32 { return UnsafePointer(scratch) }
            for i in 0..<count {
                var half = (moved + i * 2).load(as: UInt16.self)
                (dtype == .f16 ? kernels.pointee.widen_f16 : kernels.pointee.widen_bf16)(1, &half, scratch + i)
            }
            return UnsafePointer(scratch)
        }
        let halves = source.assumingMemoryBound(to: UInt16.self)
        (dtype == .f16 ? kernels.pointee.widen_f16 : kernels.pointee.widen_bf16)(count, halves, scratch)
        return UnsafePointer(scratch)
    }
}

extension Tensor {
    /// The matrix as floats, [rows, columns].
    package init(_ source: StoredMatrix) {
        self.init(buffer: Buffer(capacity: source.rows * source.columns), shape: Shape(source.rows, source.columns))
        let found = source.floats(0, count: shape.count, scratch: floats, kernels: Processor.kernels)
        if found != UnsafePointer(floats) { floats.update(from: found, count: shape.count) }
        source.release(0..<shape.count * source.dtype.size)
    }
}
