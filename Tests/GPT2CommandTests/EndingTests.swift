import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Signals and streams that end early.
struct EndingTests {
    @Test func interruptionWhileReadingEndsAtOnce() async throws {
        let running = try RunningCommand(["generate", "-", "--model", Fixture.tiny], input: nil)
        // Nothing shows that it waits, so this may also hit its start, which must end alike.
        try await Task.sleep(for: .milliseconds(500))
        running.signal(SIGINT)
        let run = try await running.end()
        #expect(run.status == 130)
        #expect(run.output.isEmpty && run.messages.isEmpty)
    }

    @Test func interruptionStopsATextAndKeepsItsPrompt() async throws {
        let folder = try TemporaryFolder()
        // On a busy machine the text may be over before anybody has looked at its beginning.
        for attempt in 0..<10 {
            let cache = "\(folder.path)/\(attempt)"
            let running = try RunningCommand([
                "generate", "Once upon a time", "--ignore-eos", "--max-tokens", "500", "--prompt-cache", cache,
            ])
            try #require(try await running.wait { running.outputSoFar.count > 20 })
            running.signal(SIGINT)
            let run = try await running.end()
            if run.status == 0 { continue }
            #expect(run.status == 130)
            #expect(run.output.last == UInt8(ascii: "\n"))
            #expect(run.messages.isEmpty)
            #expect(FileManager.default.fileExists(atPath: cache))
            return
        }
        Issue.record("every text was over before it could be interrupted")
    }

    @Test func anInterruptionThatIsIgnoredFromTheStartStaysIgnored() async throws {
        let running = try RunningCommand(
            ["generate", "Once upon a time", "--ignore-eos", "--max-tokens", "300"], ignoring: "INT")
        try #require(try await running.wait { running.outputSoFar.count > 20 })
        running.signal(SIGINT)
        #expect(try await running.end().status == 0)
    }

    @Test func interruptedLogitsLeaveNoFile() async throws {
        let folder = try TemporaryFolder()
        let ids = Array(repeating: "1", count: 512).joined(separator: ",")
        let running = try RunningCommand(["logits", "--token-ids", ids, "--output", "\(folder.path)/x.npy"])
        let files = { (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] }
        try #require(try await running.wait { !files().isEmpty })
        running.signal(SIGINT)
        let run = try await running.end()
        // On a fast machine it may have been done already.
        #expect(run.status == 130 && files().isEmpty || run.status == 0 && files() == ["x.npy"])
    }

    @Test func closedOutputIsNoError() async throws {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let running = try RunningCommand(
            ["generate", "a", "--model", Fixture.tiny, "--seed", "1"], output: pipe.fileHandleForWriting)
        let run = try await running.end()
        #expect(run.status == 0)
        #expect(run.messages.isEmpty)
    }

    #if os(Linux)
        /// The text is there all the same.
        @Test func promptCacheThatCannotBeWrittenIsAnErrorInTheEnd() async throws {
            let run = try await Command.run([
                "generate", "a", "--model", Fixture.tiny, "--greedy", "--format", "json", "--prompt-cache",
                "/proc/none",
            ])
            #expect(run.status == 66)
            #expect(run.output.last == UInt8(ascii: "\n"))
            let last = run.messages.split(separator: "\n").last
            #expect(last?.hasPrefix("Error: /proc/none: ") == true)
        }

        @Test func fullDiskIsAnError() async throws {
            let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
            let run = try await RunningCommand(["tokenize", "a", "--model", Fixture.tiny], output: full).end()
            #expect(run.status == 66)
            #expect(run.messages.contains("standard output"))
        }
    #endif

    @Test func helpAndVersionSucceed() async throws {
        for arguments in [["--help"], ["generate", "--help"], ["help", "info"], ["--version"], []] {
            let run = try await Command.run(arguments)
            #expect(run.status == 0)
            #expect(!run.output.isEmpty && run.messages.isEmpty)
        }
    }
}
