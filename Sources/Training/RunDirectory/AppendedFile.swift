internal import Files

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A file that grows while it is being read: what is appended is in it as soon as the call returns.
final class AppendedFile {
    private let descriptor: Int32
    private let path: String

    /// - Throws: ``InputError`` of kind `missing` if the file cannot be written.
    init(_ path: String) throws(InputError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw Self.cannotWrite(path) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// - Throws: ``InputError`` of kind `missing` if the disk is full, for instance. A part may then be in the file.
    func append(_ bytes: [UInt8]) throws(InputError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.cannotWrite(path) }
            rest = rest.dropFirst(count)
        }
    }

    private static func cannotWrite(_ path: String) -> InputError {
        InputError(
            .missing, "the file cannot be appended to (\(String(cString: strerror(errno))))", in: path,
            advice: "Check that the folder is writable and has room")
    }
}
