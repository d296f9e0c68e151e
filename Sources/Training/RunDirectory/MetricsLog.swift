internal import Files

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A run's metrics.jsonl: one JSON object a line, each there as soon as it is written.
final class MetricsLog {
    private let descriptor: Int32
    private let path: String

    /// Opens the file to append to.
    ///
    /// - Parameter step: lines of later steps, which a run that was killed left after its last checkpoint, and a line that
    ///   was cut short are taken out.
    init(_ path: String, keepingUpTo step: Int) throws(InputError) {
        self.path = path
        if PathKind(path) == .file {
            let file = try MappedFile(path: path)
            var kept = 0
            for line in file.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
                let end = line.endIndex
                guard end < file.count, let number = Self.step(of: line), number <= step else { break }
                kept = end + 1
            }
            if kept < file.count { try AtomicFile.write(file.bytes[..<kept], to: path) }
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw Self.cannotWrite(path) }
    }

    deinit { close(descriptor) }

    /// The step that a line is about.
    private static func step(of line: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard
            let json = try? JSON.parse(UnsafeRawBufferPointer(rebasing: line), in: "metrics.jsonl"),
            let fields = try? JSONFields(json, in: "metrics.jsonl")
        else { return nil }
        return try? fields.integer("step")
    }

    /// Appends a line.
    func append(_ members: KeyValuePairs<String, String>) throws(InputError) {
        let text = "{" + members.map { "\($0.key.jsonEscaped):\($0.value)" }.joined(separator: ",") + "}\n"
        var bytes = [UInt8](text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.cannotWrite(path) }
            bytes = bytes.dropFirst(count)
        }
    }

    private static func cannotWrite(_ path: String) -> InputError {
        InputError(
            .missing, "the metrics cannot be written (\(String(cString: strerror(errno))))", in: path,
            advice: "Check that the folder is writable and has room")
    }
}

extension Double {
    /// As JSON, which has no words for what is not a number.
    var json: String { isFinite ? "\(self)" : "null" }
}
