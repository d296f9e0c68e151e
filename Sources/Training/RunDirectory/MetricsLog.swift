package import Files

/// A run's metrics.jsonl or samples.jsonl: one JSON object a line, each there as soon as it is written.
package final class MetricsLog {
    private let file: AppendedFile

    /// Opens the file to append to.
    ///
    /// - Parameter step: lines of later steps, which a run that was killed left after its last checkpoint, and a line that
    ///   was cut short are taken out.
    package init(_ path: String, keepingUpTo step: Int) throws(InputError) {
        if PathKind(path) == .file {
            let file = try MappedFile(path: path)
            defer { withExtendedLifetime(file) {} }
            var kept = 0
            for line in file.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
                let end = line.endIndex
                guard end < file.count, let number = Self.step(of: line), number <= step else { break }
                kept = end + 1
            }
            if kept < file.count { try AtomicFile.write(file.bytes[..<kept], to: path) }
        }
        file = try AppendedFile(path)
    }

    /// The step that a line is about.
    private static func step(of line: Slice<UnsafeRawBufferPointer>) -> Int? {
        try? MetricsHistory.fields(line)?.integer("step")
    }

    /// Appends a line.
    ///
    /// - Parameter members: names, and values as JSON.
    package func append(_ members: [(name: String, json: String)]) throws(InputError) {
        let text = "{" + members.map { "\($0.name.jsonEscaped):\($0.json)" }.joined(separator: ",") + "}\n"
        try file.append(Array(text.utf8))
    }
}

extension Double {
    /// As JSON, which has no words for what is not a number.
    var json: String { isFinite ? "\(self)" : "null" }
}
