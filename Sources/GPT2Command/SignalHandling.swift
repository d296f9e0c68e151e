#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

enum SignalHandling {
    /// Calls `handler` when the signal comes, unless whoever started the program wants it ignored: nohup does, and shells do
    /// for what they start in the background.
    static func install(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        let previous = signal(number, SIG_IGN)
        let isIgnored = unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        if !isIgnored { signal(number, handler) }
        // A parent that started us from a Dispatch thread hands down that thread's mask, which holds signals back.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, number)
        sigprocmask(SIG_UNBLOCK, &signals, nil)
    }
}
