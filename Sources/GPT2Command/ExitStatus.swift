import ArgumentParser
import Files
import Training

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How the program ends. The numbers of wrong usage, bad data, no input and internal error are those of sysexits.h.
enum ExitStatus: Int32 {
    case success = 0
    /// A run that failed on its own terms: the loss diverged.
    case failed = 1
    case usage = 64
    case data = 65
    case missing = 66
    case internalError = 70
    /// By Ctrl-C.
    case interrupted = 130
    /// By SIGTERM.
    case terminated = 143

    /// Says what is wrong and ends the program.
    static func exit(for error: any Error) -> Never {
        switch error {
        case let error as InputError:
            StandardError.line("Error: \(error)")
            exit(status(of: error.kind))
        case let error as TrainingDiverged:
            StandardError.line("Error: \(error)")
            exit(.failed)
        case is Interrupted:
            exit(Interruption.status)
        case is BrokenPipe:
            exit(.success)
        default:
            let code = GPT2Tool.exitCode(for: error)
            // Help, the version and what the argument parser found wrong; it prints them in the same form.
            if code == .success || code == .validationFailure { GPT2Tool.exit(withError: error) }
            StandardError.line("Error: \(error). This is a fault of gpt2 itself. Please report it.")
            exit(.internalError)
        }
    }

    private static func status(of kind: InputError.Kind) -> ExitStatus {
        switch kind {
        case .usage: .usage
        case .data: .data
        case .missing: .missing
        }
    }

    private static func exit(_ status: ExitStatus) -> Never {
        endProcess(status.rawValue)
    }
}

/// The system's `exit`, whose name the methods hide.
private func endProcess(_ status: Int32) -> Never {
    exit(status)
}
