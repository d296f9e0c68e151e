import Foundation
import Testing

enum Documentation {
    static func text(_ path: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}

/// What the documents say of the command is all that there is to say.
@Suite struct DocumentationTests {
    @Test(arguments: [["train"], ["study"], ["tokenizer", "train"], ["quantize"], ["bench"]])
    func everyOptionIsNamed(command: [String]) async throws {
        let help = try await Command.run(command + ["--help"])
        try #require(help.status == 0)
        let options = Set(help.text.matches(of: /--[a-z][a-z0-9-]+/).map { String($0.output) })
        try #require(options.count > 5)
        let document = try Documentation.text("docs/command-line.md")
        let heading = "\n## \(command.joined(separator: " "))\n"
        let section = try #require(document.ranges(of: heading).first.map { document[$0.upperBound...] })
        let own = section.prefix(upTo: section.ranges(of: "\n## ").first?.lowerBound ?? section.endIndex)
        // What holds for every command is said once, before the first of them.
        let common = document.prefix(upTo: document.ranges(of: "\n## ").first?.lowerBound ?? document.endIndex)
        for option in options {
            let isNamed = [own, common].contains { $0.contains("`\(option)`") || $0.contains("`\(option) ") }
            #expect(isNamed, "docs/command-line.md does not name \(option) of \(command.joined(separator: " "))")
        }
    }
}
