import ArgumentParser
import Runtime

/// How many threads compute. It changes no result.
struct ThreadOptions: ParsableArguments {
    @Option(help: "How many threads compute. (default: one for each physical core that the process may use)")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--threads is \(threads), but must be from 1 to 256.")
        }
    }

    var team: Team { threads.map { Team(threads: $0) } ?? .shared }
}
