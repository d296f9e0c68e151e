import Files

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whoever read our standard output has enough. The program ends quietly.
struct BrokenPipe: Error {
    /// Lets a write to a closed pipe fail instead of killing the program.
    static func install() {
        signal(SIGPIPE, SIG_IGN)
    }
}

/// Results, and nothing else. Not buffered: what is written is there.
enum StandardOutput {
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// - Throws: ``BrokenPipe`` if nobody reads any more; ``InputError`` if the output cannot be written.
    static func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = systemWrite(STDOUT_FILENO, rest)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno == EPIPE {
                throw BrokenPipe()
            } else if errno != EINTR {
                throw InputError(
                    .missing, "the results cannot be written (\(String(cString: strerror(errno))))",
                    in: "standard output", advice: "Check where the output goes and that there is room")
            }
        }
    }

    static func write(_ text: String) throws {
        try write(Array(text.utf8))
    }

    static func line(_ text: String) throws {
        try write(text + "\n")
    }
}

/// Logs, progress and notes.
enum StandardError {
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Writes text; where that fails there is nobody left to tell.
    static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = systemWrite(STDERR_FILENO, rest)
            if written <= 0, errno != EINTR { return }
            rest = rest.dropFirst(max(written, 0))
        }
    }

    static func line(_ text: String) {
        write(text + "\n")
    }
}

enum StandardInput {
    static let isTerminal = isatty(STDIN_FILENO) == 1

    /// Everything up to the end, byte for byte.
    static func readAll() throws(InputError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count > 0 {
                bytes += chunk[..<count]
            } else if count == 0 {
                return bytes
            } else if errno != EINTR {
                throw InputError(
                    .missing, "it cannot be read (\(String(cString: strerror(errno))))", in: "standard input",
                    advice: "Give it a file or a pipe")
            }
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
    bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
}
