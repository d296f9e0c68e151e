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

    /// What the guide says of the text's own code in PyTorch is what becomes of it there (Fixtures/make_textbook.py).
    @Test func quotesWhatBecomesOfTheTextsCode() throws {
        let guide = try String(
            contentsOf: Self.folder.appendingPathComponent("../../docs/textbook.md"), encoding: .utf8)
        let data = try Data(contentsOf: Self.folder.appendingPathComponent("Fixtures/printed.json"))
        let outcomes = try JSONDecoder().decode([String: String].self, from: data)
        let quotations = [
            "7, a parameter written in place":
                "a view of a leaf Variable that requires grad is being used in an in-place operation",
            "7, odd D": "The expanded size of the tensor (2) must match the existing size (3)",
            "7b, 0..<10 with D = 5": "The size of tensor a (10) must match the size of tensor b (3)",
            "7b, T = D / 2": "runs, and is off by up to 1.99",
            "9, one input": "missing 1 required positional argument: 'tgt'",
        ]
        #expect(Set(outcomes.keys) == Set(quotations.keys))
        for (claim, quotation) in quotations {
            #expect(outcomes[claim]?.contains(quotation) == true, "\(claim)")
            #expect(guide.contains("`\(quotation)`"), "\(claim)")
        }
    }
}
