#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files that are replaced at once: killing the program at any instant leaves the old file or the new one.
package enum AtomicFile {
    /// Replaces the file's content.
    ///
    /// - Throws: ``InputError`` of kind `missing` if the file cannot be written; the old file is then untouched.
    package static func write(_ bytes: some Sequence<UInt8>, to path: String) throws(InputError) {
        let bytes = [UInt8](bytes)
        try write(to: path) { writer throws(InputError) in try writer.write(bytes) }
    }

    /// Replaces the file with what `body` writes, piece by piece. If `body` throws, the old file is untouched.
    package static func write(
        to path: String, _ body: (borrowing Writer) throws(InputError) -> Void
    ) throws(InputError) {
        let path = followingLinks(path)
        let kind = PathKind(path)
        guard kind == .absent || kind == .file else {
            throw InputError(
                .missing, "the file cannot be written (a folder, a device or a pipe stands in its place)", in: path,
                advice: "Name another file")
        }
        let temporary = temporaryName(beside: path)
        do throws(InputError) {
            let writer = try Writer(creating: temporary, for: path)
            try body(writer)
            try writer.synchronize()
            copyMode(of: path, to: temporary)
            guard rename(temporary, path) == 0 else { throw cannotWrite(path, errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        synchronizeFolder(of: path)
    }

    /// The file that a link leads to, so that the link stays one.
    private static func followingLinks(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The new file may be read and written by whom the old one, if there was one, could be.
    private static func copyMode(of path: String, to temporary: String) {
        var status = stat()
        if stat(path, &status) == 0 { chmod(temporary, status.st_mode & 0o7777) }
    }

    /// Appends to the temporary file that will become the new one.
    package struct Writer: ~Copyable {
        private let descriptor: Int32
        private let path: String

        fileprivate init(creating temporary: String, for path: String) throws(InputError) {
            descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            self.path = path
            if descriptor < 0 { throw cannotWrite(path, errno) }
        }

        deinit { close(descriptor) }

        package func write(_ bytes: [UInt8]) throws(InputError) {
            try bytes.withUnsafeBufferPointer { bytes throws(InputError) in try write(UnsafeRawBufferPointer(bytes)) }
        }

        package func write(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = sysWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw cannotWrite(path, errno) }
                rest = rest.dropFirst(count)
            }
        }

        fileprivate func synchronize() throws(InputError) {
            guard fsync(descriptor) == 0 else { throw cannotWrite(path, errno) }
        }
    }

    /// At random: a name made from the process id would meet what an earlier process of the same id left when it was
    /// killed.
    private static func temporaryName(beside path: String) -> String {
        "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tmp"
    }

    /// Makes the rename of a file or a folder durable. Some file systems refuse to synchronise a folder; what was renamed is
    /// whole all the same.
    package static func synchronizeFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func cannotWrite(_ path: String, _ code: Int32) -> InputError {
        InputError(
            .missing, "the file cannot be written (\(String(cString: strerror(code))))", in: path,
            advice: "Check that the folder exists, is writable and has room")
    }
}

/// The system's `write`, whose name a method of the same name hides.
private func sysWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
