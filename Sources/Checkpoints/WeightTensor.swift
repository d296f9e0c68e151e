package import Files
public import Tensors

/// A tensor's bytes in a checkpoint. Keeps its file mapped while it lives.
public struct WeightTensor: Sendable {
    public let entry: TensorEntry
    private let file: SafetensorsFile

    init(_ entry: TensorEntry, in file: SafetensorsFile) {
        self.entry = entry
        self.file = file
    }

    /// What keeps ``bytes`` valid.
    package var owner: any AnyObject & Sendable { file }

    public var name: String { entry.name }
    public var dtype: DType { entry.dtype }
    public var shape: [Int] { entry.shape }
    /// The file it lies in, for errors.
    public var place: String { file.place }

    /// The elements in row-major order, little-endian, at any alignment. Valid while this value lives.
    public var bytes: UnsafeRawBufferPointer { file.bytes(entry.range) }

    /// Gives the memory of bytes that were read back to the system, so that a large file can be repacked slice by slice
    /// without staying resident. The bytes stay readable: touching them loads them again.
    ///
    /// - Parameter range: counted from the tensor's first byte. Whole pages inside it are released.
    public func release(bytes range: Range<Int>) {
        let range = range.clamped(to: 0..<entry.range.count)
        file.release(entry.range.lowerBound + range.lowerBound..<entry.range.lowerBound + range.upperBound)
    }

    /// Whether both have the same type, shape and bytes. Reads them slice by slice and keeps none resident.
    package func holdsSameBytes(as other: WeightTensor) -> Bool {
        guard dtype == other.dtype, shape == other.shape else { return false }
        let slice = 1 << 20
        for start in stride(from: 0, to: bytes.count, by: slice) {
            let range = start..<min(start + slice, bytes.count)
            defer {
                release(bytes: range)
                other.release(bytes: range)
            }
            let part = UnsafeRawBufferPointer(rebasing: bytes[range])
            guard part.holdsSameBytes(as: UnsafeRawBufferPointer(rebasing: other.bytes[range])) else { return false }
        }
        return true
    }
}

extension Tensor {
    /// The elements as 32-bit floats, in the shape that the file gives them, of one to four axes.
    ///
    /// - Throws: ``InputError`` if the tensor is neither F32 nor F16 nor BF16, or has another number of axes.
    package init(_ weight: WeightTensor) throws(InputError) {
        let sizes = weight.shape
        guard [.f32, .f16, .bf16].contains(weight.dtype), let shape = Shape(sizes) else {
            throw InputError(
                .data, "tensor \(weight.name.quoted) is \(weight.dtype.rawValue) \(sizes), which is not read",
                in: weight.place, advice: "Save it as F32, F16 or BF16 with one to four axes")
        }
        guard let bytes = weight.bytes.baseAddress else {
            self = .zeros(shape)
            return
        }
        let matrix = StoredMatrix(
            layout: .inputsByOutputs, rows: 1, columns: shape.count, dtype: weight.dtype, bytes: bytes)
        self = Tensor(matrix).reshaped(shape)
        weight.release(bytes: 0..<weight.bytes.count)
    }
}
