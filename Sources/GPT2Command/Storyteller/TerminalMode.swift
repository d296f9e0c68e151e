#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How the terminal treats keys. Restored when the value goes, and when a signal ends the program.
struct TerminalMode: ~Copyable {
    private let original: termios

    init() {
        var mode = termios()
        tcgetattr(STDIN_FILENO, &mode)
        original = mode
        Self.atEnd.initialize(to: mode)
        for number in [SIGTERM, SIGHUP, SIGQUIT] { SignalHandling.install(number) { TerminalMode.end(by: $0) } }
    }

    /// What the signals restore: in one place for good, as a handler may neither allocate nor wait.
    private nonisolated(unsafe) static let atEnd = UnsafeMutablePointer<termios>.allocate(capacity: 1)

    private static func end(by number: Int32) {
        let owner = tcgetpgrp(STDIN_FILENO)
        // A shell that has taken the terminal back treats keys in its own way.
        if owner < 0 || owner == getpgrp() { tcsetattr(STDIN_FILENO, TCSANOW, atEnd) }
        signal(number, SIG_DFL)
        kill(getpid(), number)
    }

    deinit { set(original) }

    /// Every key comes to the program, Ctrl-C too, and none is shown.
    func readKeys() {
        var mode = original
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        mode.c_iflag &= ~tcflag_t(IXON | ICRNL)
        withUnsafeMutableBytes(of: &mode.c_cc) { characters in
            characters[Int(VMIN)] = 1
            characters[Int(VTIME)] = 0
        }
        set(mode)
    }

    /// Keys wait and are not shown; Ctrl-C is a signal.
    func keepKeys() {
        var mode = original
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO)
        set(mode)
    }

    private func set(_ mode: termios) {
        var mode = mode
        tcsetattr(STDIN_FILENO, TCSADRAIN, &mode)
    }
}
