import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ctrl-C was pressed, or the program was asked to terminate. It ends with status 130 or 143 and says nothing.
struct Interrupted: Error {}

/// What Ctrl-C (SIGINT) does, and SIGTERM, which `kill`, containers and batch systems send: either ends the program at once or,
/// while something must be put right first, at the next check.
enum Interruption {
    private static let isDeferred = Atomic<Bool>(false)
    private static let isRequested = Atomic<Bool>(false)
    private static let isSecondForceful = Atomic<Bool>(true)
    /// Which signal came last.
    private static let signal = Atomic<Int32>(SIGINT)

    /// What the program ends with when it was interrupted.
    static var status: ExitStatus { signal.load(ordering: .relaxed) == SIGTERM ? .terminated : .interrupted }

    static func install() {
        // A first access from within a signal handler could find Swift's lock for it taken.
        isDeferred.store(false, ordering: .relaxed)
        isRequested.store(false, ordering: .relaxed)
        isSecondForceful.store(true, ordering: .relaxed)
        signal.store(SIGINT, ordering: .relaxed)
        for number in [SIGINT, SIGTERM] { SignalHandling.install(number) { Interruption.handle($0) } }
    }

    private static func handle(_ number: Int32) {
        signal.store(number, ordering: .relaxed)
        let isSecond = isRequested.exchange(true, ordering: .relaxed)
        let isForced = isSecond && isSecondForceful.load(ordering: .relaxed)
        if isForced || !isDeferred.load(ordering: .relaxed) { _exit(status.rawValue) }
    }

    /// Runs `body`, during which a signal acts where it is checked for.
    ///
    /// - Parameter secondEnds: whether a second signal ends the program at once if the first was not yet noticed.
    static func deferred<Result>(secondEnds: Bool = true, _ body: () throws -> Result) rethrows -> Result {
        isSecondForceful.store(secondEnds, ordering: .relaxed)
        isDeferred.store(true, ordering: .relaxed)
        defer { isDeferred.store(false, ordering: .relaxed) }
        return try body()
    }

    /// Whether a signal came since the last time this was asked.
    static func take() -> Bool {
        isRequested.exchange(false, ordering: .relaxed)
    }

    /// - Throws: ``Interrupted`` if a signal came.
    static func check() throws(Interrupted) {
        if take() { throw Interrupted() }
    }
}
