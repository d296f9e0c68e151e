import Foundation
import Testing

/// What README.md shows is what the command prints.
@Suite struct ReadmeTests {
    @Test func shownTextIsWhatTheModelSays() async throws {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        let shown = try #require(text.split(separator: "```text\n").last?.split(separator: "\n```").first)
        let run = try await Command.run(["generate", "Once upon a time", "--seed", "4", "--max-tokens", "80"])
        #expect(String(decoding: run.output, as: UTF8.self) == shown + "\n")
    }
}
