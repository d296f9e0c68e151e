import Files
import Tensors

/// The header of a safetensors file, checked completely: the tensors lie inside the file, each has the bytes that its type
/// and shape need, and together they cover the data exactly once.
///
/// Format: eight bytes, little-endian, that give the length of a JSON object; the object, which maps a name to `dtype`,
/// `shape` and `data_offsets` (from the end of the header), and `__metadata__` to texts; the data.
/// Source: https://github.com/huggingface/safetensors#format.
struct SafetensorsHeader {
    /// In the order in which they lie in the file.
    let tensors: [TensorEntry]
    let metadata: [String: String]

    /// The limit of the reference implementation.
    static let maximumLength = 100_000_000
    private static let lengthSize = 8
    private static let advice = "The file is damaged or not a safetensors file: download it again"

    init(_ file: UnsafeRawBufferPointer, in place: String) throws(InputError) {
        let header = try Self.headerBytes(file, in: place)
        let dataStart = header.endIndex
        let headerPlace = "\(place) (header)"
        let fields = try JSONFields(
            JSON.parse(UnsafeRawBufferPointer(rebasing: header), in: headerPlace), in: headerPlace)
        var tensors: [TensorEntry] = []
        var metadata: [String: String] = [:]
        for member in fields.object.members {
            let name = member.key.description
            if member.key == "__metadata__" {
                metadata = try Self.metadata(fields.optionalFields(name))
            } else {
                tensors.append(try Self.entry(name, fields.fields(name), dataStart: dataStart, in: headerPlace))
            }
        }
        tensors.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        try Self.checkCover(tensors, of: dataStart..<file.count, in: place)
        self.tensors = tensors
        self.metadata = metadata
    }

    private static func headerBytes(
        _ file: UnsafeRawBufferPointer, in place: String
    ) throws(InputError) -> Slice<UnsafeRawBufferPointer> {
        guard file.count >= lengthSize else {
            throw InputError(
                .data, "the file has \(file.count) bytes, too few for the \(lengthSize) that give the header's length",
                in: place, advice: advice)
        }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard length <= maximumLength else {
            throw InputError(
                .data, "the header claims to be \(length) bytes long, beyond the format's limit of \(maximumLength)",
                in: place, advice: advice)
        }
        guard length <= file.count - lengthSize else {
            throw InputError(
                .data,
                "the header claims to be \(length) bytes long, but only \(file.count - lengthSize) follow its length",
                in: place, advice: advice)
        }
        return file[lengthSize..<lengthSize + Int(length)]
    }

    private static func metadata(_ fields: JSONFields?) throws(InputError) -> [String: String] {
        var metadata: [String: String] = [:]
        guard let fields else { return metadata }
        for member in fields.object.members {
            let key = member.key.description
            metadata[key] = try fields.string(key)
        }
        return metadata
    }

    private static func entry(
        _ name: String, _ fields: JSONFields, dataStart: Int, in place: String
    ) throws(InputError) -> TensorEntry {
        func failure(_ problem: String) -> InputError {
            InputError(.data, "tensor \(name.quoted) \(problem)", in: place, advice: advice)
        }
        let dtypeName = try fields.string("dtype")
        guard let dtype = DType(rawValue: dtypeName) else {
            throw InputError(
                .data, "tensor \(name.quoted) has the unknown element type \(dtypeName.quoted)", in: place,
                advice: "Convert the file to F32, F16 or BF16")
        }
        let shape = try fields.integers("shape")
        var size = dtype.size
        for extent in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else { throw failure("has the impossible shape \(shape)") }
            size = product
        }
        let offsets = try fields.integers("data_offsets")
        guard offsets.count == 2, let start = offsets.first, let end = offsets.last, start >= 0, start <= end,
            end <= Int.max - dataStart
        else { throw failure("has the impossible data_offsets \(offsets)") }
        guard end - start == size else {
            throw failure(
                "of type \(dtype.rawValue) and shape \(shape) takes \(size) bytes, but its data_offsets \(offsets) span "
                    + "\(end - start)")
        }
        return TensorEntry(name: name, dtype: dtype, shape: shape, range: dataStart + start..<dataStart + end)
    }

    /// Checks that sorted tensors follow one another without overlap or hole and end where the file ends.
    private static func checkCover(
        _ tensors: [TensorEntry], of data: Range<Int>, in place: String
    ) throws(InputError) {
        var covered = data.lowerBound
        var previous = ""
        for tensor in tensors {
            guard tensor.range.upperBound <= data.upperBound else {
                throw InputError(
                    .data,
                    "tensor \(tensor.name.quoted) ends at byte \(tensor.range.upperBound), but the file has "
                        + "\(data.upperBound): it was cut off", in: place, advice: advice)
            }
            guard tensor.range.lowerBound >= covered else {
                throw InputError(
                    .data, "tensors \(previous.quoted) and \(tensor.name.quoted) overlap", in: place, advice: advice)
            }
            guard tensor.range.lowerBound == covered else {
                throw InputError(
                    .data,
                    "\(tensor.range.lowerBound - covered) bytes before tensor \(tensor.name.quoted) belong to no tensor",
                    in: place, advice: advice)
            }
            covered = tensor.range.upperBound
            previous = tensor.name
        }
        guard covered == data.upperBound else {
            throw InputError(
                .data, "\(data.upperBound - covered) bytes at the end belong to no tensor", in: place, advice: advice)
        }
    }
}
