import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A run of the built `gpt2`, as a shell would start it.
struct Command {
    let status: Int32
    let output: [UInt8]
    /// Standard error.
    let messages: String

    var text: String { String(decoding: output, as: UTF8.self) }

    /// The executable, which is built beside the test bundle.
    static let executable = Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("gpt2")

    /// Runs the command to its end.
    static func run(
        _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]
    ) async throws -> Command {
        await turns.take()
        defer { Task { await turns.giveBack() } }
        let running = try RunningCommand(arguments, input: input, environment: environment)
        return try await running.end()
    }

    private static let turns = Turns(ProcessInfo.processInfo.activeProcessorCount)
}

/// So many may go on at once: tests all begin together, and their commands would only take memory and time from each other.
private actor Turns {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// Lets commands heed signals: they inherit what is ignored, as signals are in tests that a shell runs in the background.
func stopIgnoringSignals() {
    for number in [SIGINT, SIGHUP, SIGQUIT, SIGTERM] { signal(number, SIG_DFL) }
}

extension Process {
    /// Kills the process should it still run in ten minutes, by far more than any test of ours needs.
    ///
    /// A limit on the whole test would also count its wait for a processor, while all tests are begun at once.
    func killIfItHangs() {
        DispatchQueue.global().asyncAfter(deadline: .now() + 600) { [weak self] in
            if let self, isRunning { kill(processIdentifier, SIGKILL) }
        }
    }
}

/// A `gpt2` that runs. Its streams are files, so that no pipe can fill up and block it.
final class RunningCommand: Sendable {
    private let process: Process
    private let folder: URL
    private let exit: AsyncStream<Int32>

    /// - Parameters:
    ///   - input: what standard input holds; nil for a pipe that nobody writes to.
    ///   - output: where standard output goes; nil for a file that ``end()`` reads.
    ///   - ignored: the name of a signal that is ignored from the start, as nohup does it.
    init(
        _ arguments: [String], input: [UInt8]? = [], output: FileHandle? = nil, environment: [String: String] = [:],
        ignoring ignored: String? = nil
    ) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("gpt2-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["output", "messages"] {
            try Data().write(to: folder.appendingPathComponent(name))
        }
        let process = Process()
        process.executableURL = Command.executable
        process.arguments = arguments
        if let ignored {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            let script = "trap '' \(ignored); exec \"$0\" \"$@\""
            process.arguments = ["-c", script, Command.executable.path] + arguments
        }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let input {
            try Data(input).write(to: folder.appendingPathComponent("input"))
            process.standardInput = try FileHandle(forReadingFrom: folder.appendingPathComponent("input"))
        } else {
            process.standardInput = Pipe()
        }
        process.standardOutput = try output ?? FileHandle(forWritingTo: folder.appendingPathComponent("output"))
        process.standardError = try FileHandle(forWritingTo: folder.appendingPathComponent("messages"))
        stopIgnoringSignals()
        let (exit, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { process in
            // A process that a signal ended is told apart from one that returned the same number.
            let status = process.terminationStatus
            continuation.yield(process.terminationReason == .exit ? status : -status)
            continuation.finish()
        }
        self.process = process
        self.exit = exit
        try process.run()
        process.killIfItHangs()
    }

    deinit {
        if process.isRunning { signal(SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    var outputSoFar: [UInt8] { read("output") }
    var messagesSoFar: String { String(decoding: read("messages"), as: UTF8.self) }

    func signal(_ number: Int32) {
        kill(process.processIdentifier, number)
    }

    /// Waits until the command has ended.
    func end() async throws -> Command {
        for await status in exit {
            return Command(status: status, output: outputSoFar, messages: messagesSoFar)
        }
        throw CancellationError()
    }

    /// Waits until something has happened, for a minute at most.
    ///
    /// - Returns: whether it has.
    func wait(until condition: () -> Bool) async throws -> Bool {
        for _ in 0..<3000 where !condition() {
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        return condition()
    }

    private func read(_ name: String) -> [UInt8] {
        (try? Data(contentsOf: folder.appendingPathComponent(name))).map([UInt8].init) ?? []
    }
}
