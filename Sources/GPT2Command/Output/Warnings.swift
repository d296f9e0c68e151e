/// What the user should know, on standard error.
enum Warnings {
    static func write(_ warnings: [String]) {
        for warning in warnings { StandardError.line("warning: \(warning)") }
    }

    static func note(_ text: String) {
        StandardError.line("note: \(text)")
    }

    /// Says once that this is a build for looking for faults, if it is.
    static func writeIfDebugBuild() {
        guard isDebugBuild else { return }
        write(["this is a debug build, 20 to 100 times slower than a release build: use \"swift run -c release gpt2\""])
    }

    private static var isDebugBuild: Bool {
        var isDebug = false
        assert(
            {
                isDebug = true
                return true
            }())
        return isDebug
    }
}
