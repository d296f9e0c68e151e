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

    /// - Throws: ``InputError`` of kind `usage` if anything stands at the path but an empty folder.
    package static func requireEmpty(_ path: String) throws(InputError) {
        switch PathKind(path) {
        case .absent: return
        case .folder:
            let names = try names(in: path)
            if names.isEmpty { return }
            throw InputError(
                .usage, "the folder is not empty: it holds \(names.listed)", in: path,
                advice: "Name a new folder, or an empty one")
        case .file, .other:
            throw InputError(.usage, "this is not a folder", in: path, advice: "Name a new folder, or an empty one")
        }
    }

    /// The names of what a folder holds, in order; "." and ".." are left out.
    ///
    /// - Throws: ``InputError`` of kind `missing` if the folder is not there or cannot be read.
    package static func names(in path: String) throws(InputError) -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT {
                throw InputError(.missing, "there is no such folder", in: path, advice: "Check the path")
            }
            throw failure("cannot be read", path)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file, a link, or a folder with all that it holds; what is not there is no error.
    ///
    /// - Throws: ``InputError`` of kind `missing` if something cannot be removed.
    package static func remove(_ path: String) throws(InputError) {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard PathKind(path) == .folder else { throw failure("cannot be removed", path, "file") }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else { throw failure("cannot be removed", path) }
    }

    private static func failure(_ problem: String, _ path: String, _ kind: String = "folder") -> InputError {
        InputError(
            .missing, "the \(kind) \(problem) (\(String(cString: strerror(errno))))", in: path,
            advice: "Name a folder that can be written to")
    }
}
