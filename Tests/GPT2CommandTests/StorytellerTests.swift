#if os(Linux)
    import Foundation
    import Testing

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// The program on a terminal.
    @Suite(.enabled(if: PseudoTerminal.isAvailable, "this system gives no pseudo-terminals"))
    struct StorytellerTests {
        private let arguments = ["generate", "--model", Fixture.tiny, "--seed", "1", "--max-tokens", "6"]

        @Test func tellsAStoryInTurns() async throws {
            let terminal = try PseudoTerminal(arguments)
            try #require(await terminal.wait(for: "/help"))
            // Typed with a gap, which is filled after going back; Ctrl-A, Ctrl-E and the right arrow.
            let right = "\u{1B}[C"
            try await terminal.type("Onceupon a tim", shows: "tim")
            try await terminal.type("\u{01}\(right)\(right)\(right)\(right) \u{05}e", shows: "Once upon a time")
            try await terminal.type("\r", shows: "> ")
            try await terminal.type("\r", shows: "> ")
            try await terminal.type("/nope\r", shows: "there is no command")
            try await terminal.type("/seed x\r", shows: "whole number")
            try await terminal.type("/temperature -1\r", shows: "at least 0")
            try await terminal.type("/help\r", shows: "/new")
            try await terminal.type("/new\r", shows: "A new story.")
            // Up goes back to the line before the commands.
            try await terminal.type(String(repeating: "\u{1B}[A", count: 6), shows: "Once upon a time")
            try await terminal.type("\u{15}/quit\r", shows: "/quit")
            #expect(await terminal.end() == 0)
        }

        @Test func editsWideCharacters() async throws {
            let terminal = try PseudoTerminal(arguments)
            try #require(await terminal.wait(for: "/help"))
            // Two columns each; the cursor is behind the mark and the first of them.
            try await terminal.type("狐狸é\u{1B}[D\u{7F}", shows: "狐é\u{1B}[K\r\u{1B}[4C")
            try await terminal.type("\u{17}\u{0B}", shows: "\u{1B}[22m\u{1B}[K\r\u{1B}[2C")
            try await terminal.type("\u{03}", shows: "Ctrl-D leaves")
            try await terminal.type("\u{04}", shows: "\n")
            #expect(await terminal.end() == 0)
        }

        @Test func interruptionStopsTheTextOnly() async throws {
            let terminal = try PseudoTerminal(["generate", "--ignore-eos", "--max-tokens", "250", "--seed", "1"])
            try #require(await terminal.wait(for: "/help"))
            try await terminal.type("Once upon a time\r", shows: "time\u{1B}[K\r\u{1B}[18C\r\n")
            terminal.interrupt()
            try #require(await terminal.wait(for: "> "))
            try await terminal.type("/quit\r", shows: "/quit")
            #expect(await terminal.end() == 0)
        }

        @Test("the terminal is itself again when a signal ends the program", arguments: [SIGTERM, SIGHUP, SIGQUIT])
        func restoresTheTerminal(number: Int32) async throws {
            let terminal = try PseudoTerminal(arguments)
            #expect(terminal.isOrdinary)
            try #require(await terminal.wait(for: "/help"))
            try await terminal.type("On", shows: "On")
            #expect(!terminal.isOrdinary)
            terminal.signal(number)
            #expect(await terminal.end() == number)
            #expect(terminal.isOrdinary)
        }

        @Test func tintsOnATerminalOnly() async throws {
            let arguments = arguments + [Fixture.prompt, "--tint"]
            let full = try PseudoTerminal(arguments, environment: ["COLORTERM": "truecolor", "NO_COLOR": ""])
            #expect(await full.wait(for: "probability: \u{1B}[38;2;"))
            #expect(await full.end() == 0)
            let palette = try PseudoTerminal(arguments, environment: ["COLORTERM": "", "NO_COLOR": ""])
            #expect(await palette.wait(for: "probability: \u{1B}[38;5;"))
            #expect(await palette.end() == 0)
            let plain = try PseudoTerminal(arguments, environment: ["COLORTERM": "truecolor", "NO_COLOR": "1"])
            #expect(await plain.wait(for: "\n"))
            #expect(await plain.end() == 0)
            #expect(!plain.shown.contains("\u{1B}"))
        }

        @Test(arguments: [["--stats"], ["--allow-special"], ["--prompt-cache", "no-such-folder/x"]])
        func refusesWhatStoriesInTurnsDoNotHave(options: [String]) async throws {
            let terminal = try PseudoTerminal(arguments + options)
            #expect(await terminal.wait(for: "Error: \(options[0]): "))
            #expect(await terminal.end() == 64)
        }

        @Test func detokenizeEndsTheLine() async throws {
            let terminal = try PseudoTerminal(["detokenize", "65,66", "--model", Fixture.tiny])
            #expect(await terminal.wait(for: "\r\n"))
            #expect(await terminal.end() == 0)
        }
    }
#endif
