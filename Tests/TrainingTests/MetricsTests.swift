import Files
import Foundation
import Fuzzing
import TestSupport
import Testing
import Training

@Suite struct MetricsTests {
    private let folder: TemporaryFolder
    private var path: String { "\(folder.path)/metrics.jsonl" }

    init() throws { folder = try TemporaryFolder() }

    private func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func aLineIsThereAsSoonAsItIsWritten() throws {
        let log = try MetricsLog(path, keepingUpTo: 0)
        #expect(try text().isEmpty)
        try log.append([("step", "1"), ("loss", "4.5")])
        #expect(try text() == "{\"step\":1,\"loss\":4.5}\n")
        try log.append([("step", "2"), ("text", "\"a\\nb\"")])
        #expect(try text() == "{\"step\":1,\"loss\":4.5}\n{\"step\":2,\"text\":\"a\\nb\"}\n")
    }

    static let lines = (1...6).map { "{\"step\":\($0),\"loss\":\(Double($0) / 2)}\n" }

    /// Lines after the checkpoint's step go, as do a line cut short and everything behind a line that is none.
    @Test(arguments: [
        ("", 6, 6), ("{\"step\":7,\"lo", 6, 6), ("{\"step\":7,\"lo", 7, 6), ("", 3, 3), ("", 0, 0),
        ("not json\n", 9, 6),
        ("{\"loss\":1}\n", 9, 6), ("\n", 9, 6),
    ]) func goesBackToTheCheckpoint(rest: String, step: Int, kept: Int) throws {
        try folder.write("metrics.jsonl", (Self.lines.joined() + rest).utf8)
        let log = try MetricsLog(path, keepingUpTo: step)
        #expect(try text() == Self.lines[..<kept].joined())
        try log.append([("step", "\(step + 1)")])
        #expect(try text() == Self.lines[..<kept].joined() + "{\"step\":\(step + 1)}\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["metrics.jsonl"])
    }

    @Test func curvesAreReadBack() throws {
        let text = """
            {"step":10,"loss":4.5,"learning_rate":1e-3}
            {"step":10,"validation_loss":4.25}
            {"step":20,"loss":null,"learning_rate":2e-3,"note":"x"}
            garbage
            {"step":30,"loss":3}
            {"step":40,"lo
            """
        try folder.write("metrics.jsonl", text.utf8)
        let history = try MetricsHistory(path: path)
        #expect(history.points("loss").map(\.x) == [10, 30] && history.points("loss").map(\.y) == [4.5, 3])
        #expect(history.points("learning_rate").map(\.y) == [1e-3, 2e-3])
        #expect(history.points("validation_loss").map(\.x) == [10])
        #expect(history.points("note").isEmpty && history.lastStep == 30)
        #expect(try MetricsHistory(path: "\(folder.path)/none").lastStep == 0)
    }

    @Test func survivesDamagedMetrics() throws {
        let seed = Array(Self.lines.joined().utf8)
        let memory = try #require(GuardedBytes(capacity: 1 << 12))
        let run = FuzzRun.run("metrics.jsonl", smoke: 2000) { generator in
            memory.with(generator.mutate(seed)) { bytes in
                let history = MetricsHistory(bytes)
                return history.points("loss").isEmpty ? .refused : .accepted
            }
        }
        #expect(run.accepted > 0)
    }
}
