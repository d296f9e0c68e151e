import Foundation
import Testing

/// docs/textbook.md shows the blocks as they are in Blocks/, where they are compiled and tested.
@Suite("The guide to the textbook")
struct GuideTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    private struct Snippet {
        let file: String
        let code: String
    }

    /// What stands between ```swift and ```; the line before says which file it comes from.
    private func snippets() throws -> [Snippet] {
        let guide = Self.folder.appendingPathComponent("../../docs/textbook.md")
        let lines = try String(contentsOf: guide, encoding: .utf8).components(separatedBy: "\n")
        var found: [Snippet] = []
        var start: Int?
        for (index, line) in lines.enumerated() {
            if line == "```swift" { start = index }
            guard line == "```", let first = start else { continue }
            start = nil
            let source = lines[first - 1]
            try #require(source.hasPrefix("<!-- Blocks/") && source.hasSuffix(" -->"), "line \(first): which file?")
            let code = lines[(first + 1)..<index].joined(separator: "\n")
            found.append(Snippet(file: String(source.dropFirst(5).dropLast(4)), code: code))
        }
        return found
    }

    @Test func showsTheBlocksAsTheyAreTested() throws {
        let snippets = try snippets()
        for snippet in snippets {
            let source = try String(contentsOf: Self.folder.appendingPathComponent(snippet.file), encoding: .utf8)
            #expect(source.contains(snippet.code), "\(snippet.file) does not hold:\n\(snippet.code)")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path + "/Blocks")
        #expect(Set(snippets.map(\.file)) == Set(files.map { "Blocks/\($0)" }))
    }
}
