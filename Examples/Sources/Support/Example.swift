package import ArgumentParser
package import Files
import Foundation

extension ParsableCommand {
    /// Runs the program and ends it as `gpt2` ends: 0 success, 1 a run that failed on its own terms, 64 wrong usage, 65 bad
    /// data, 66 no such file.
    package static func runExample() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as InputError {
            note("Error: \(error)")
            switch error.kind {
            case .usage: Foundation.exit(64)
            case .data: Foundation.exit(65)
            case .missing: Foundation.exit(66)
            }
        } catch {
            exit(withError: error)
        }
    }
}

/// A line on standard error, where everything goes but results.
package func note(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

/// Replaces a file at once: whoever reads it sees the old text or the new one.
package func write(_ text: String, to path: String) throws(InputError) {
    do {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    } catch {
        throw InputError(
            .missing, "the file cannot be written (\(error.localizedDescription))", in: path,
            advice: "Check that the folder is writable and has room")
    }
}

/// Makes a folder, and those that it lies in, unless it is there.
package func makeFolder(_ path: String) throws(InputError) {
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        throw InputError(
            .missing, "the folder cannot be made (\(error.localizedDescription))", in: path, advice: "Name another one")
    }
}
