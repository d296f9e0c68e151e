#if os(Linux)
    import Foundation
    import Testing

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// A `gpt2` that runs on a terminal of our own. Source: pts(4).
    final class PseudoTerminal {
        private let master: Int32
        private let process = Process()
        private let exit: AsyncStream<Int32>
        private var bytes: [UInt8] = []
        /// What was shown before the last thing was typed.
        private var seen = 0

        static var isAvailable: Bool { (try? open()).map { close($0.master) } != nil }

        init(_ arguments: [String], environment: [String: String] = [:]) throws {
            let (master, slave) = try Self.open()
            self.master = master
            stopIgnoringSignals()
            let (exit, continuation) = AsyncStream<Int32>.makeStream()
            self.exit = exit
            process.executableURL = Command.executable
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment
                .merging(["TERM": "xterm-256color", "NO_COLOR": ""]) { $1 }.merging(environment) { $1 }
            let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
            process.standardInput = terminal
            process.standardOutput = terminal
            process.standardError = terminal
            process.terminationHandler = { process in
                continuation.yield(process.terminationStatus)
                continuation.finish()
            }
            try process.run()
            process.killIfItHangs()
            close(slave)
        }

        deinit {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            close(master)
        }

        var shown: String { String(decoding: bytes, as: UTF8.self) }

        /// Waits until the terminal shows something new, for a minute at most.
        ///
        /// - Returns: whether it does.
        func wait(for text: String) async -> Bool {
            for _ in 0..<3000 {
                read()
                if String(decoding: bytes[seen...], as: UTF8.self).contains(text) { return true }
                try? await Task.sleep(for: .milliseconds(20))
            }
            return false
        }

        func type(_ text: String, shows expected: String) async throws {
            read()
            seen = bytes.count
            let keys = Array(text.utf8)
            _ = keys.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
            let isShown = await wait(for: expected)
            try #require(isShown, "\(text.debugDescription) shows \(shown.suffix(200).debugDescription)")
        }

        /// What Ctrl-C does to the program that has the terminal.
        func interrupt() { signal(SIGINT) }

        func signal(_ number: Int32) {
            kill(process.processIdentifier, number)
        }

        /// Whether the terminal shows what is typed, collects lines and turns keys into signals, as it does for shells.
        var isOrdinary: Bool {
            var mode = termios()
            let flags = tcflag_t(ECHO | ICANON | ISIG)
            return tcgetattr(master, &mode) == 0 && mode.c_lflag & flags == flags
        }

        /// Waits until the command has ended and returns its status.
        func end() async -> Int32? {
            for await status in exit {
                read()
                return status
            }
            return nil
        }

        /// Takes what is there.
        private func read() {
            var chunk = [UInt8](repeating: 0, count: 4096)
            var descriptor = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            while poll(&descriptor, 1, 0) > 0 {
                let count = systemRead(master, &chunk)
                if count <= 0 { return }
                bytes += chunk[..<count]
            }
        }

        private static func open() throws -> (master: Int32, slave: Int32) {
            let master = systemOpen("/dev/ptmx")
            guard master >= 0 else { throw CocoaError(.fileReadNoPermission) }
            // The values of TIOCSPTLCK, which unlocks, and TIOCGPTN, which tells the number: macros that Swift cannot see.
            var (locked, number): (Int32, Int32) = (0, 0)
            _ = ioctl(master, 0x4004_5431, &locked)
            _ = ioctl(master, 0x8004_5430, &number)
            let slave = systemOpen("/dev/pts/\(number)")
            guard slave >= 0 else {
                close(master)
                throw CocoaError(.fileReadNoPermission)
            }
            return (master, slave)
        }
    }

    // The system's functions whose names methods hide.

    private func systemOpen(_ path: String) -> Int32 {
        open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
    }

    private func systemRead(_ descriptor: Int32, _ bytes: inout [UInt8]) -> Int {
        read(descriptor, &bytes, bytes.count)
    }
#endif
