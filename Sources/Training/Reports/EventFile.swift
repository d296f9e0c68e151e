package import Files

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Writes a run's numbers for TensorBoard: `tensorboard --logdir RUN`.
///
/// Each process writes a file of its own, as TensorBoard expects of runs that are taken up again.
package final class EventFile {
    static let prefix = "events.out.tfevents."

    private let log: AppendedFile

    /// - Parameters:
    ///   - folder: the run's folder.
    ///   - step: records of later steps in the files that are there, and a record that was cut short, are taken out.
    /// - Throws: ``InputError`` of kind `missing` if the folder cannot be written to.
    package init(in folder: String, keepingUpTo step: Int) throws(InputError) {
        for name in try Folder.names(in: folder) where name.hasPrefix(Self.prefix) && !name.hasSuffix(".tmp") {
            try Self.truncate("\(folder)/\(name)", after: step)
        }
        log = try AppendedFile("\(folder)/\(Self.prefix)\(time(nil)).swift-gpt2.\(getpid())")
        try log.append(EventRecord(wallTime: Self.now(), fileVersion: EventRecord.currentVersion).framed)
    }

    /// Appends numbers of a step; those that are not numbers as well, which TensorBoard marks.
    package func append(step: Int, _ values: [(name: String, value: Double)]) throws(InputError) {
        let values = values.map { (tag: $0.name, value: Float($0.value)) }
        try log.append(EventRecord(wallTime: Self.now(), step: step, values: values).framed)
    }

    /// The length of the part of a file that ends before the first record of a later step, or the first one that is not
    /// whole.
    package static func length(of file: UnsafeRawBufferPointer, upTo step: Int) -> Int {
        var end = 0
        while let record = EventRecord.read(file, at: end), record.step <= step { end = record.end }
        return end
    }

    private static func truncate(_ path: String, after step: Int) throws(InputError) {
        let file = try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }
        let end = length(of: file.bytes, upTo: step)
        if end < file.count { try AtomicFile.write(file.bytes[..<end], to: path) }
    }

    /// Seconds since 1970.
    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
