#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How the terminal treats keys. Restored when the value goes.
struct TerminalMode: ~Copyable {
    private let original: termios

    init() {
        var mode = termios()
        tcgetattr(STDIN_FILENO, &mode)
        original = mode
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
