import Foundation

/// Data that is too large or not free enough for the repository; tests that need it are skipped where it is absent.
///
/// It is looked for in the folder that the environment variable `SHARED_DATA` names, else in `shared/data` beside the
/// package's folder.
package enum SharedData {
    /// The file's path, or nil where it is absent.
    package static func file(_ name: String) -> String? {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = ProcessInfo.processInfo.environment["SHARED_DATA"] ?? package.path + "/../shared/data"
        let path = "\(folder)/\(name)"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
