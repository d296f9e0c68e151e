public import Files

/// The numbers in a run's metrics.jsonl, as curves over the steps.
public struct MetricsHistory: Sendable {
    private var curves: [String: [(x: Double, y: Double)]] = [:]
    /// The last step of any line.
    public private(set) var lastStep = 0

    /// Reads the file; one that is not there is empty.
    ///
    /// Lines that are not JSON objects with a step, as a killed process leaves one, count for nothing.
    ///
    /// - Throws: ``InputError`` if the file cannot be read.
    public init(path: String) throws(InputError) {
        let file = PathKind(path) == .absent ? nil : try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }
        self.init(file?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0))
    }

    package init(_ bytes: UnsafeRawBufferPointer) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let fields = Self.fields(line), let step = try? fields.integer("step") else { continue }
            lastStep = max(lastStep, step)
            for member in fields.object.members {
                let name = member.key.description
                guard name != "step", let value = try? fields.optionalNumber(name) else { continue }
                curves[name, default: []].append((Double(step), value))
            }
        }
    }

    /// A metric's values by step, in the order in which they were written.
    public func points(_ name: String) -> [(x: Double, y: Double)] { curves[name] ?? [] }

    /// A line's JSON object.
    static func fields(_ line: Slice<UnsafeRawBufferPointer>) -> JSONFields? {
        guard let json = try? JSON.parse(UnsafeRawBufferPointer(rebasing: line), in: "") else { return nil }
        return try? JSONFields(json, in: "")
    }
}
