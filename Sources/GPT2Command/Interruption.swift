import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ctrl-C has been pressed. The program ends with status 130 and says nothing.
struct Interrupted: Error {}

/// What Ctrl-C (SIGINT) does: it ends the program at once or, while something must be put right first, at the next check.
enum Interruption {
    private static let isDeferred = Atomic<Bool>(false)
    private static let isRequested = Atomic<Bool>(false)
    private static let isSecondForceful = Atomic<Bool>(true)

    static func install() {
        // A first access from within a signal handler could find Swift's lock for it taken.
        isDeferred.store(false, ordering: .relaxed)
        isRequested.store(false, ordering: .relaxed)
        isSecondForceful.store(true, ordering: .relaxed)
        SignalHandling.install(SIGINT) { _ in Interruption.handle() }
    }

    private static func handle() {
        let isSecond = isRequested.exchange(true, ordering: .relaxed)
        let isForced = isSecond && isSecondForceful.load(ordering: .relaxed)
        if isForced || !isDeferred.load(ordering: .relaxed) { _exit(ExitStatus.interrupted.rawValue) }
    }

    /// Runs `body`, during which Ctrl-C acts where it is checked for.
    ///
    /// - Parameter secondEnds: whether a second Ctrl-C ends the program at once if the first was not yet noticed.
    static func deferred<Result>(secondEnds: Bool = true, _ body: () throws -> Result) rethrows -> Result {
        isSecondForceful.store(secondEnds, ordering: .relaxed)
        isDeferred.store(true, ordering: .relaxed)
        defer { isDeferred.store(false, ordering: .relaxed) }
        return try body()
    }

    /// Whether Ctrl-C was pressed since the last time this was asked.
    static func take() -> Bool {
        isRequested.exchange(false, ordering: .relaxed)
    }

    /// - Throws: ``Interrupted`` if Ctrl-C was pressed.
    static func check() throws(Interrupted) {
        if take() { throw Interrupted() }
    }
}
