/// The members of one JSON object, read by key and type.
///
/// Every error names the file, the key, what was expected and what was found:
///
///     config.json: "n_head" must be an integer, but is the text "12". …
package struct JSONFields: Sendable {
    package let object: JSONObject
    /// The file, for errors.
    package let place: String
    /// The keys that lead here from the top of the file, each followed by a full stop.
    private let path: String

    /// - Throws: ``InputError`` if the value is not an object.
    package init(_ json: JSON, in place: String) throws(InputError) {
        guard case .object(let object) = json else {
            throw InputError(
                .data, "the file must hold a JSON object, but holds \(json.summary)", in: place, advice: Self.advice)
        }
        self.init(object, in: place, path: "")
    }

    private init(_ object: JSONObject, in place: String, path: String) {
        self.object = object
        self.place = place
        self.path = path
    }

    private static let advice = "Correct the file or download it again"

    // MARK: Required members

    package func integer(_ key: String) throws(InputError) -> Int {
        try required(key, "an integer", optionalInteger(key))
    }

    package func number(_ key: String) throws(InputError) -> Double {
        try required(key, "a number", optionalNumber(key))
    }

    package func bool(_ key: String) throws(InputError) -> Bool {
        try required(key, "true or false", optionalBool(key))
    }

    package func string(_ key: String) throws(InputError) -> String {
        try required(key, "a text", optionalString(key))
    }

    package func array(_ key: String) throws(InputError) -> JSONArray {
        try required(key, "an array", optionalArray(key))
    }

    package func integers(_ key: String) throws(InputError) -> [Int] {
        var integers: [Int] = []
        for value in try array(key) {
            guard case .integer(let integer) = value else { throw mismatch(key, "an array of integers", value) }
            integers.append(integer)
        }
        return integers
    }

    package func fields(_ key: String) throws(InputError) -> JSONFields {
        try required(key, "an object", optionalFields(key))
    }

    // MARK: Optional members: nil if the key is absent or its value null

    package func optionalInteger(_ key: String) throws(InputError) -> Int? {
        switch object[key] {
        case nil, .null: return nil
        case .integer(let value): return value
        case .some(let other): throw mismatch(key, "an integer", other)
        }
    }

    package func optionalNumber(_ key: String) throws(InputError) -> Double? {
        switch object[key] {
        case nil, .null: return nil
        case .integer(let value): return Double(value)
        case .number(let value): return value
        case .some(let other): throw mismatch(key, "a number", other)
        }
    }

    package func optionalBool(_ key: String) throws(InputError) -> Bool? {
        switch object[key] {
        case nil, .null: return nil
        case .bool(let value): return value
        case .some(let other): throw mismatch(key, "true or false", other)
        }
    }

    package func optionalString(_ key: String) throws(InputError) -> String? {
        switch object[key] {
        case nil, .null: return nil
        case .string(let value): return value.description
        case .some(let other): throw mismatch(key, "a text", other)
        }
    }

    package func optionalArray(_ key: String) throws(InputError) -> JSONArray? {
        switch object[key] {
        case nil, .null: return nil
        case .array(let values): return values
        case .some(let other): throw mismatch(key, "an array", other)
        }
    }

    package func optionalFields(_ key: String) throws(InputError) -> JSONFields? {
        switch object[key] {
        case nil, .null: return nil
        case .object(let object): return JSONFields(object, in: place, path: "\(path)\(key).")
        case .some(let other): throw mismatch(key, "an object", other)
        }
    }

    // MARK: Errors

    /// The error for a member that has the right type but a value that makes no sense.
    package func invalid(_ key: String, _ problem: String, advice: String? = nil) -> InputError {
        InputError(.data, "\((path + key).quoted) \(problem)", in: place, advice: advice ?? Self.advice)
    }

    private func mismatch(_ key: String, _ expectation: String, _ found: JSON) -> InputError {
        invalid(key, "must be \(expectation), but \(object[key] == found ? "is" : "holds") \(found.summary)")
    }

    private func required<Value>(
        _ key: String, _ expectation: String, _ value: @autoclosure () throws(InputError) -> Value?
    ) throws(InputError) -> Value {
        guard let value = try value() else {
            throw invalid(key, "must be \(expectation), but is \(object[key] == nil ? "absent" : "null")")
        }
        return value
    }
}
