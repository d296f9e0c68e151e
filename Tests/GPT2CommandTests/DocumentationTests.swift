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
    @Test(
        arguments: [
            ["generate"], ["logits"], ["tokenize"], ["detokenize"], ["tokenizer", "train"], ["train"], ["study"],
            ["quantize"], ["bench"], ["info"], ["evaluate"], ["inspect"],
        ])
    func everyOptionIsNamed(command: [String]) async throws {
        let help = try await Command.run(command + ["--help"])
        try #require(help.status == 0)
        let options = Set(help.text.matches(of: /--[a-z][a-z0-9-]+/).map { String($0.output) })
        try #require(options.count > 3)
        let document = try Documentation.text("docs/command-line.md")
        // What holds for every command is said once, before the first of them.
        let sections = document.components(separatedBy: "\n## ")
        let common = sections[0]
        let name = command.joined(separator: " ")
        let own = try #require(
            sections.dropFirst().first { section in
                section.prefix { $0 != "\n" }.components(separatedBy: ", ").contains(name)
            })
        for option in options {
            let isNamed = [own, common].contains { $0.contains("`\(option)`") || $0.contains("`\(option) ") }
            #expect(isNamed, "docs/command-line.md does not name \(option) of \(name)")
        }
    }
}
