import Files
import Foundation
import TestSupport
import Testing

@Suite struct MappedFileTests {
    @Test func mapsBytes() throws {
        let folder = try TemporaryFolder()
        let file = try MappedFile(path: folder.write("a", [1, 2, 3]))
        #expect(Array(file.bytes) == [1, 2, 3])
        #expect(file.count == 3)
    }

    @Test func allowsEmptyFiles() throws {
        let folder = try TemporaryFolder()
        let file = try MappedFile(path: folder.write("empty", []))
        #expect(file.count == 0)
        file.release(0..<10)
    }

    @Test func refusesWhatIsNotThere() throws {
        let folder = try TemporaryFolder()
        let error = caughtError { () throws(InputError) in try MappedFile(path: "\(folder.path)/none") }
        #expect(error?.kind == .missing)
        #expect(error?.description.contains("\(folder.path)/none: there is no such file. Check the path") == true)
    }

    @Test func refusesFolders() throws {
        let folder = try TemporaryFolder()
        let error = caughtError { () throws(InputError) in try MappedFile(path: folder.path) }
        #expect(error?.kind == .data)
        #expect(error?.problem == "this is a folder; a file was expected")
    }

    /// A pipe without a writer must not block.
    @Test func refusesPipes() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        let error = caughtError { () throws(InputError) in try MappedFile(path: path) }
        #expect(error?.kind == .data)
        #expect(error?.problem == "this is not an ordinary file; a file was expected")
    }

    @Test func namesTheReasonThatAFileCannotBeRead() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/loop"
        #expect(symlink(path, path) == 0)
        let error = caughtError { () throws(InputError) in try MappedFile(path: path) }
        #expect(error?.kind == .missing)
        #expect(error?.problem.contains("cannot be read (Too many levels of symbolic links)") == true)
    }

    @Test func releasesWholePagesAndKeepsThemReadable() throws {
        let folder = try TemporaryFolder()
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let content = (0..<8 * page + 100).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let file = try MappedFile(path: folder.write("pages", content))
        #expect(Array(file.bytes) == content)
        let before = residentPages(file)
        file.release(page + 1..<4 * page + 5)
        let between = residentPages(file)
        file.release(-5..<Int.max)
        let after = residentPages(file)
        #if os(Linux)
            #expect(before == 9 && between == 9 - 2 && after == 0)
        #endif
        #expect(Array(file.bytes) == content)
    }

    /// How many of the mapping's pages this process has in memory, as the kernel counts them.
    private func residentPages(_ file: MappedFile) -> Int? {
        #if os(Linux)
            guard let start = file.bytes.baseAddress,
                let smaps = try? FileHandle(forReadingAtPath: "/proc/self/smaps")?.readToEnd()
            else { return nil }
            let maps = String(decoding: smaps, as: UTF8.self)
            let lines = maps.split(separator: "\n")
            let address = String(UInt(bitPattern: start), radix: 16) + "-"
            guard let mapping = lines.firstIndex(where: { $0.hasPrefix(address) }),
                let rss = lines[mapping...].first(where: { $0.hasPrefix("Rss:") }),
                let kilobytes = rss.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
            else { return nil }
            return kilobytes * 1024 / Int(sysconf(Int32(_SC_PAGESIZE)))
        #else
            return nil
        #endif
    }
}

@Suite struct AtomicFileTests {
    /// A link stays a link, and the file that it leads to keeps who may read it.
    @Test func replacesWhatALinkLeadsTo() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("file", [1])
        #expect(chmod(file, 0o640) == 0)
        let link = "\(folder.path)/link"
        #expect(symlink(file, link) == 0)
        try AtomicFile.write([2, 3], to: link)
        #expect(try Data(contentsOf: URL(filePath: file)) == Data([2, 3]))
        var status = stat()
        #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o640)
    }

    @Test func leavesPipesAlone() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        let error = caughtError { () throws(InputError) in try AtomicFile.write([1], to: path) }
        #expect(error?.kind == .missing)
        #expect(error?.problem.contains("a pipe") == true)
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }

    @Test func replacesAFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a", [9, 9, 9])
        try AtomicFile.write([1, 2], to: path)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
    }

    @Test func writesPieceByPiece() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/new"
        try AtomicFile.write(to: path) { writer throws(InputError) in
            try writer.write([1])
            try writer.write([])
            try writer.write([2, 3])
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2, 3]))
    }

    /// The old file stays as it was until the new one is whole.
    @Test func keepsTheOldFileIfTheWriterFails() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a", [9])
        var during: Data?
        let failure = InputError(.data, "stopped", advice: "Go on")
        let error = caughtError { () throws(InputError) in
            try AtomicFile.write(to: path) { writer throws(InputError) in
                try writer.write([1])
                during = FileManager.default.contents(atPath: path)
                throw failure
            }
        }
        #expect(error == failure)
        #expect(during == Data([9]))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([9]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
    }

    @Test func namesAFolderThatIsNotThere() throws {
        let folder = try TemporaryFolder()
        let error = caughtError { () throws(InputError) in try AtomicFile.write([1], to: "\(folder.path)/none/a") }
        #expect(error?.kind == .missing)
        #expect(error?.description.contains("none/a: the file cannot be written (No such file or directory)") == true)
    }

    @Test func namesATargetThatCannotBeReplaced() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: "\(folder.path)/a", withIntermediateDirectories: true)
        let error = caughtError { () throws(InputError) in try AtomicFile.write([1], to: "\(folder.path)/a") }
        #expect(error?.problem.contains("cannot be written") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
    }

    @Test func namesAFolderThatTakesNoFiles() throws {
        #if os(Linux)
            let error = caughtError { () throws(InputError) in try AtomicFile.write([1], to: "/proc/none") }
            #expect(error?.kind == .missing)
            #expect(error?.description.hasPrefix("/proc/none: the file cannot be written") == true)
        #endif
    }

    @Test func knowsWhatPathsLeadTo() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("a", [1])
        #expect(PathKind(file) == .file)
        #expect(PathKind(folder.path) == .folder)
        #expect(PathKind("\(folder.path)/none") == .absent)
        #expect(PathKind("/dev/null") == .other)
    }
}
