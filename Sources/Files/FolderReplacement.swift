#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Folders that are replaced at once: killing the program at any instant leaves the old folder, the new one, or for a
/// moment neither under this name but both beside it. For folders in one of ours: what has the names beside them is ours too.
package enum FolderReplacement {
    /// Writes a folder under another name and puts it in place when `body` has returned.
    package static func write(_ path: String, _ body: (String) throws(InputError) -> Void) throws(InputError) {
        let temporary = path + temporarySuffix
        remove(temporary)
        try Folder.create(temporary)
        do throws(InputError) { try body(temporary) } catch {
            remove(temporary)
            throw error
        }
        let old = path + oldSuffix
        remove(old)
        if PathKind(path) != .absent { try move(path, to: old) }
        try move(temporary, to: path)
        // Whoever removes older folders now must find this one after a loss of power.
        AtomicFile.synchronizeFolder(of: path)
        remove(old)
    }

    /// Writes a new folder, which appears at once, whole. Nothing beside it is touched, whatever its name.
    ///
    /// - Parameter path: must be absent or an empty folder.
    package static func create(_ path: String, _ body: (String) throws(InputError) -> Void) throws(InputError) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let temporary = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 36))\(temporarySuffix)"
        try Folder.create(temporary)
        do throws(InputError) {
            try body(temporary)
            try move(temporary, to: path)
        } catch {
            remove(temporary)
            throw error
        }
        AtomicFile.synchronizeFolder(of: path)
    }

    /// What an unfinished folder's name ends with.
    package static let temporarySuffix = ".partial"

    /// What a folder's name ends with while another takes its place.
    package static let oldSuffix = ".old"

    package static func remove(_ path: String) { try? Folder.remove(path) }

    /// Removes a folder that others may look for: at any instant it is there whole, or not under this name.
    package static func discard(_ path: String) {
        let temporary = path + temporarySuffix
        remove(temporary)
        try? move(path, to: temporary)
        remove(temporary)
    }

    package static func move(_ path: String, to destination: String) throws(InputError) {
        guard rename(path, destination) == 0 else {
            throw InputError(
                .missing, "the folder cannot be put in place (\(String(cString: strerror(errno))))", in: destination,
                advice: "Check that the folder around it is writable and has room")
        }
    }
}
