#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file's bytes, mapped into memory for reading. Pages are loaded when they are touched.
///
/// Whoever truncates the file while it is mapped takes the bytes away (SIGBUS), as with every mapped file: replace
/// files by renaming, as ``AtomicFile`` does.
package final class MappedFile: Sendable {
    package let path: String
    /// Valid while the object lives. Safe to share: the memory is mapped for reading only.
    package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    package var count: Int { bytes.count }

    /// A copy of the bytes, which does not need the file.
    package var contents: [UInt8] { withExtendedLifetime(self) { [UInt8](bytes) } }

    /// - Throws: ``InputError`` of kind `missing` if the file is not there or cannot be read, `data` if the path is a
    ///   folder or something else that is not a file.
    package init(path: String) throws(InputError) {
        // Without O_NONBLOCK, opening a pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw InputError.cannotOpen(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw InputError.cannotOpen(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "not an ordinary file"
            throw InputError(.data, "this is \(kind); a file was expected", in: path, advice: "Name a file")
        }
        self.path = path
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw InputError.cannotOpen(path, errno)
        }
        bytes = UnsafeRawBufferPointer(start: address, count: count)
    }

    deinit {
        if let address = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
    }

    /// Gives the memory of the whole pages inside a range of bytes back to the system. They stay readable: touching them
    /// loads them again.
    package func release(_ range: Range<Int>) {
        guard let address = bytes.baseAddress else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let range = range.clamped(to: 0..<count)
        let start = (range.lowerBound + page - 1) / page * page
        // The last page of the file belongs to it alone, so it may go although it is not full.
        let end = range.upperBound == count ? count : range.upperBound / page * page
        guard start < end else { return }
        madvise(UnsafeMutableRawPointer(mutating: address + start), end - start, MADV_DONTNEED)
    }
}

extension MappedFile {
    /// The error for a text with a byte that is not part of valid UTF-8.
    package func notUTF8(at offset: Int) -> InputError {
        let digits = String(bytes[offset], radix: 16, uppercase: true)
        return InputError(
            .data, "the text is not UTF-8: byte \(offset), counted from 0, is \(digits)", in: path,
            advice: "Convert the file to UTF-8, with iconv for instance")
    }
}

extension InputError {
    /// The error for a path that the system refused to open.
    package static func cannotOpen(_ path: String, _ code: Int32) -> InputError {
        let reason =
            code == ENOENT ? "there is no such file" : "the file cannot be read (\(String(cString: strerror(code))))"
        return InputError(.missing, reason, in: path, advice: "Check the path and its permissions")
    }
}
