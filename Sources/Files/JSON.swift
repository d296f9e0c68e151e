/// A JSON value, read from bytes in one pass.
///
/// Stricter than most readers, because every file is foreign: a key that occurs twice in an object, nesting deeper than
/// ``depthLimit``, text that is not UTF-8, unpaired surrogates and numbers beyond a double are errors. Keys are compared
/// as bytes, never by canonical equivalence: a vocabulary may hold "é" in both of its spellings. RFC 8259.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that fits, exact.
    case integer(Int)
    /// Any other number.
    case number(Double)
    case string(JSONString)
    case array(JSONArray)
    case object(JSONObject)

    /// How deep arrays and objects may be nested.
    package static let depthLimit = 128

    /// Parses a whole JSON text.
    ///
    /// - Parameters:
    ///   - bytes: the text. The value does not refer to it.
    ///   - place: the name of the file, for errors.
    /// - Throws: ``InputError`` of kind `data` with the byte offset and the line.
    package static func parse(_ bytes: UnsafeRawBufferPointer, in place: String) throws(InputError) -> JSON {
        guard bytes.count <= UInt32.max else {
            throw InputError(
                .data, "the JSON text has \(bytes.count) bytes, more than 4 GiB", in: place,
                advice: "Check that this is the right file")
        }
        var parser = JSONParser(bytes, in: place)
        return try parser.parseDocument()
    }

    /// Parses a whole JSON text.
    package static func parse(_ bytes: [UInt8], in place: String) throws(InputError) -> JSON {
        try bytes.withUnsafeBufferPointer { bytes throws(InputError) in
            try parse(UnsafeRawBufferPointer(bytes), in: place)
        }
    }

    /// Reads and parses a file; its path is the place that errors name.
    package static func read(_ path: String) throws(InputError) -> JSON {
        let file = try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }
        return try parse(file.bytes, in: path)
    }

    /// The value as a person would name it in an error: `the text "gelu"`, `an array`.
    package var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "the number \(value)"
        case .number(let value): "the number \(value)"
        case .string(let value): "the text \(value.quoted)"
        case .array(let values): "an array of length \(values.count)"
        case .object: "an object"
        }
    }
}
