internal import Files

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Folders that are replaced at once: killing the program at any instant leaves the old folder, the new one, or for a
/// moment neither under this name but both beside it.
enum FolderReplacement {
    /// Writes a folder under another name and puts it in place when `body` has returned.
    static func write(_ path: String, _ body: (String) throws(InputError) -> Void) throws(InputError) {
        let temporary = path + temporarySuffix
        remove(temporary)
        do {
            try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        } catch { throw cannotWrite(path, error) }
        do throws(InputError) { try body(temporary) } catch {
            remove(temporary)
            throw error
        }
        let old = path + oldSuffix
        remove(old)
        do {
            if FileManager.default.fileExists(atPath: path) {
                try FileManager.default.moveItem(atPath: path, toPath: old)
            }
            try FileManager.default.moveItem(atPath: temporary, toPath: path)
        } catch { throw cannotWrite(path, error) }
        remove(old)
    }

    /// What an unfinished folder's name ends with.
    static let temporarySuffix = ".partial"

    /// What a folder's name ends with while another takes its place.
    static let oldSuffix = ".old"

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    private static func cannotWrite(_ path: String, _ error: any Error) -> InputError {
        InputError(
            .missing, "the folder cannot be written (\(error))", in: path,
            advice: "Check that the folder around it exists, is writable and has room")
    }
}
