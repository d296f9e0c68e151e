#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Folders that results are written into.
package enum Folder {
    /// Makes a folder to write into, and those that it is in, where they are not there yet.
    ///
    /// - Throws: ``InputError`` of kind `missing` if that is not possible.
    package static func create(_ path: String) throws(InputError) {
        if PathKind(path) == .folder {
            guard access(path, W_OK | X_OK) == 0 else { throw failure("cannot be written to", path) }
            return
        }
        if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
            try create(String(path[..<slash]))
        }
        // Another program may have been quicker.
        guard mkdir(path, 0o777) == 0 || (errno == EEXIST && PathKind(path) == .folder) else {
            throw failure("cannot be made", path)
        }
    }

    private static func failure(_ problem: String, _ path: String) -> InputError {
        InputError(
            .missing, "the folder \(problem) (\(String(cString: strerror(errno))))", in: path,
            advice: "Name a folder that can be written to")
    }
}
