package import Files
package import Tensors

/// Writes safetensors files.
package enum SafetensorsWriter {
    /// What the reference implementation aligns the data to, in bytes.
    package static let referenceAlignment = 8

    package struct Tensor {
        let name: String
        let dtype: DType
        let shape: [Int]
        /// Writes the elements, row-major and little-endian.
        let write: (borrowing AtomicFile.Writer) throws(InputError) -> Void

        var byteCount: Int { shape.reduce(dtype.size, *) }

        /// - Parameter bytes: the elements, row-major and little-endian; valid until the file is written.
        package init(_ name: String, _ dtype: DType, shape: [Int], bytes: UnsafeRawBufferPointer) {
            precondition(bytes.count == shape.reduce(dtype.size, *), "\(name) needs as many bytes as its shape")
            self.init(name, dtype, shape: shape) { writer throws(InputError) in try writer.write(bytes) }
        }

        /// A tensor whose elements are made when it is their turn.
        ///
        /// - Parameter write: writes as many bytes as the shape has, row-major and little-endian.
        package init(
            _ name: String, _ dtype: DType, shape: [Int],
            write: @escaping (borrowing AtomicFile.Writer) throws(InputError) -> Void
        ) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
            self.write = write
        }
    }

    /// Replaces the file. Tensors lie in it as the reference implementation puts them: wide elements first, so that each
    /// is aligned, then by name.
    ///
    /// - Parameter alignment: where the data begins, a multiple of eight. Tensors whose size is a multiple of it too come
    ///   first, so that each begins at one; with the reference's eight none does.
    /// - Throws: ``InputError`` if the file cannot be written; the old one is then untouched.
    package static func write(
        _ tensors: [Tensor], metadata: [(key: String, value: String)] = [("format", "pt")],
        alignment: Int = referenceAlignment, to path: String
    ) throws(InputError) {
        precondition(alignment.isMultiple(of: referenceAlignment), "data aligned to \(alignment) bytes")
        func isLate(_ tensor: Tensor) -> Int {
            alignment == referenceAlignment || tensor.byteCount.isMultiple(of: alignment) ? 0 : 1
        }
        let tensors = tensors.sorted {
            (isLate($0), $1.dtype.size, $0.name) < (isLate($1), $0.dtype.size, $1.name)
        }
        let header = header(of: tensors, metadata, alignment)
        try AtomicFile.write(to: path) { writer throws(InputError) in
            try writer.write(header)
            for tensor in tensors { try tensor.write(writer) }
        }
    }

    /// Replaces the file by one of 32-bit floats.
    package static func write(_ tensors: [(path: String, tensor: Tensors.Tensor)], to path: String) throws(InputError) {
        let entries = tensors.map { path, tensor in
            Tensor(
                path, .f32, shape: tensor.shape.sizesByAxis,
                bytes: UnsafeRawBufferPointer(start: tensor.floats, count: tensor.shape.count * 4))
        }
        defer { withExtendedLifetime(tensors) {} }
        try write(entries, to: path)
    }

    private static func header(
        of tensors: [Tensor], _ metadata: [(key: String, value: String)], _ alignment: Int
    ) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.map { "\($0.key.jsonEscaped):\($0.value.jsonEscaped)" }
            members.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in tensors {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let end = offset + tensor.byteCount
            members.append(
                "\(tensor.name.jsonEscaped):{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var json = [UInt8]("{\(members.joined(separator: ","))}".utf8)
        // Spaces, with the eight bytes of the length, up to where the data begins.
        let end = (8 + json.count + alignment - 1) / alignment * alignment
        json += [UInt8](repeating: UInt8(ascii: " "), count: end - 8 - json.count)
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { [UInt8]($0) } + json
    }
}
