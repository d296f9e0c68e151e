#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Folders that results are written into.
package enum Folder {
    /// Makes a folder, and those that it is in, where they are not there yet.
    ///
    /// - Throws: ``InputError`` of kind `missing` if that is not possible.
    package static func create(_ path: String) throws(InputError) {
        if PathKind(path) == .folder { return }
        if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
            try create(String(path[..<slash]))
        }
        // Another program may have been quicker.
        if mkdir(path, 0o777) == 0 || (errno == EEXIST && PathKind(path) == .folder) { return }
        throw InputError(
            .missing, "the folder cannot be made (\(String(cString: strerror(errno))))", in: path,
            advice: "Name a folder that can be written to")
    }
}
