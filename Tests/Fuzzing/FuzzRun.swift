#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A run of mutants against one parser. A crash is the failure that it looks for.
public struct FuzzRun: Sendable {
    /// What a mutant came to.
    public enum Outcome: Sendable {
        /// Refused before anything inside the outer header was looked at.
        case stoppedAtHeader
        /// Refused by what stands behind the outer header.
        case refused
        case accepted
    }

    public private(set) var cases = 0
    public private(set) var pastHeader = 0
    public private(set) var accepted = 0

    /// Makes and tries mutants: as many as `GPT2_FUZZ_CASES` says, or a smoke test's worth.
    ///
    /// Case i depends on its number alone, so that `GPT2_FUZZ_FIRST=i GPT2_FUZZ_CASES=1` repeats it.
    ///
    /// - Parameters:
    ///   - name: what the progress lines of a long run call it.
    ///   - smoke: how many cases to run when nobody asks for more.
    ///   - attempt: makes one mutant and tries it.
    public static func run<Failure: Error>(
        _ name: String, smoke: Int, _ attempt: (inout FuzzGenerator) throws(Failure) -> Outcome
    ) throws(Failure) -> FuzzRun {
        let first = number("GPT2_FUZZ_FIRST") ?? 0
        let count = number("GPT2_FUZZ_CASES") ?? smoke
        var run = FuzzRun()
        for index in first..<first + count {
            if count > smoke, index % 100_000 == 0 { print("fuzzing \(name): case \(index)") }
            var generator = FuzzGenerator(seed: UInt64(index))
            let outcome = try attempt(&generator)
            run.cases += 1
            if outcome != .stoppedAtHeader { run.pastHeader += 1 }
            if outcome == .accepted { run.accepted += 1 }
        }
        print("fuzzed \(name): \(run.cases) cases, \(run.pastHeader) past the header, \(run.accepted) accepted")
        return run
    }

    private static func number(_ variable: String) -> Int? {
        getenv(variable).flatMap { Int(String(cString: $0)) }
    }
}
