import Files
import Foundation
import Fuzzing
import TestSupport
import Testing
import Training

@Suite struct EventFileTests {
    /// What make_events.py writes.
    private static let records = [
        EventRecord(wallTime: 1_700_000_000.25, fileVersion: EventRecord.currentVersion),
        EventRecord(
            wallTime: 1_700_000_001.5, step: 1,
            values: [("loss", 4.25), ("learning_rate", 6e-4), ("gradient_norm", 1.5), ("tokens_per_s", 12345)]),
        EventRecord(wallTime: 1_700_000_002.5, step: 250, values: [("validation_loss", 1.8876543)]),
        EventRecord(wallTime: 1_700_000_003.5, step: 1_000_000, values: [("loss", .nan)]),
        EventRecord(
            wallTime: 1_700_000_004.5, step: 3_000_000_000,
            values: [("loss", -0.0), ("a longer name, with é", 1e-30)]),
    ]

    /// Byte for byte what TensorBoard's own writer makes of the same events.
    @Test func recordsAreTensorBoards() throws {
        #expect(try Self.records.flatMap(\.framed) == Fixture.bytes("events.tfevents"))
    }

    /// RFC 3720, appendix B.4.
    @Test func checksumsAreTheStandards() {
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(Array(0..<32)) == 0x46DD_794E)
        #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
    }

    private func length(_ bytes: [UInt8], _ step: Int) -> Int {
        bytes.withUnsafeBytes { EventFile.length(of: $0, upTo: step) }
    }

    @Test func keepsWholeRecordsUpToAStep() throws {
        let ends = Self.records.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.framed.count) }
        let file = try Fixture.bytes("events.tfevents")
        for (step, records) in [(-1, 0), (0, 1), (1, 2), (249, 2), (250, 3), (2_999_999_999, 4), (.max, 5)] {
            #expect(length(file, step) == ends[records], "step \(step)")
        }
        // Wherever the end is missing, or a byte is wrong, what is before the record stays.
        for count in 0..<file.count {
            #expect(length(Array(file[..<count]), .max) == ends.last { $0 <= count })
            var damaged = file
            damaged[count] ^= 0x10
            #expect(length(damaged, .max) == ends.last { $0 <= count })
        }
    }

    @Test func processesWriteOneFileAfterAnother() throws {
        let folder = try TemporaryFolder()
        func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
        let first = try EventFile(in: folder.path, keepingUpTo: 0)
        for step in 1...5 { try first.append(step: step, [("loss", Double(step))]) }
        let name = try #require(names().first)
        #expect(try names().count == 1 && name.hasPrefix("events.out.tfevents.1"))
        let path = "\(folder.path)/\(name)"
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        // A record that was cut short by a kill.
        try Data(whole + whole.prefix(20)).write(to: URL(fileURLWithPath: path))
        try FileManager.default.moveItem(atPath: path, toPath: "\(folder.path)/events.out.tfevents.1.earlier")

        let second = try EventFile(in: folder.path, keepingUpTo: 3)
        try second.append(step: 4, [("loss", 4)])
        #expect(try names().count == 2)
        let kept = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/events.out.tfevents.1.earlier")))
        #expect(kept == Array(whole.prefix(kept.count)) && kept.count == length(whole, 3) && kept.count > 0)
    }

    @Test func namesAFolderThatCannotBeWritten() throws {
        let error = caughtError { () throws(InputError) in try EventFile(in: "/nonexistent", keepingUpTo: 0) }
        #expect(error?.kind == .missing)
    }

    @Test func survivesDamagedFiles() throws {
        let seed = try Fixture.bytes("events.tfevents")
        let memory = try #require(GuardedBytes(capacity: 1 << 12))
        let run = FuzzRun.run("event files", smoke: 4000) { generator in
            var bytes = generator.mutate(seed)
            // Most mutants get right checksums, so that the messages are looked at.
            if generator.chance(80) {
                var message = Self.message(generator.pick(Self.records))
                if generator.chance(90) { message = Array(generator.mutate(message).prefix(2000)) }
                bytes = Self.framed(message)
            }
            return memory.with(bytes) { bytes in
                let end = EventFile.length(of: bytes, upTo: .max)
                #expect(end <= bytes.count)
                if end == bytes.count { return .accepted }
                return EventRecord.read(bytes, at: 0) == nil && bytes.count < 40 ? .stoppedAtHeader : .refused
            }
        }
        #expect(run.accepted > 0 && run.pastHeader * 2 > run.cases)
    }

    private static func message(_ record: EventRecord) -> [UInt8] { Array(record.framed.dropFirst(12).dropLast(4)) }

    private static func framed(_ message: [UInt8]) -> [UInt8] {
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
        }
        func masked(_ bytes: [UInt8]) -> UInt32 {
            let checksum = CRC32C.checksum(bytes)
            return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
        }
        let length = bytes(UInt64(message.count))
        return length + bytes(masked(length)) + message + bytes(masked(message))
    }
}
