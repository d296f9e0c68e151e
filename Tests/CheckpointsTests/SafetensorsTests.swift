import Checkpoints
import Files
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct SafetensorsTests {
    private func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
        let folder = try TemporaryFolder()
        return try SafetensorsFile(path: folder.write("m.safetensors", bytes))
    }

    @Test(arguments: Fixture.names)
    func readsWhatTheReferenceWrote(name: String) throws {
        let expected = try #require(try Fixture.expected().directories[name])
        let weights = try Fixture.directory(name).weights()
        #expect(Set(weights.names) == Set(expected.keys))
        for (key, tensor) in expected where tensor.dtype != "BOOL" {
            let found = try weights.tensor(key, shape: tensor.shape)
            #expect(found.name == key)
            #expect(found.dtype.rawValue == tensor.dtype)
            #expect(checksum(found.bytes) == tensor.checksum)
        }
    }

    /// The sum of byte times position, as make.py has it.
    private func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var sum: UInt32 = 0
        for (index, byte) in bytes.enumerated() { sum &+= UInt32(byte) &* UInt32(truncatingIfNeeded: index + 1) }
        return sum
    }

    @Test func readsMetadataAndOrder() throws {
        let header = "{\(member("b", "U8", [2], [4, 6])),\"__metadata__\":{\"format\":\"pt\"},\(member("a"))}  "
        let file = try open(safetensors(header, data: 6))
        #expect(file.metadata == ["format": "pt"])
        #expect(file.tensors.map(\.name) == ["a", "b"])
        let start = 8 + header.utf8.count
        #expect(file.tensors.map(\.range) == [start..<start + 4, start + 4..<start + 6])
        #expect(file["b"].map { Array($0.bytes) } == [4, 5])
        #expect(file["c"]?.name == nil)
    }

    /// Each is accepted by the reference implementation too.
    @Test(arguments: [
        ("{}", 0), ("{\"__metadata__\":null}", 0), ("{\"__metadata__\":{}}", 0), (" {}\n", 0),
        ("{\(member("s", "F32", [], [0, 4]))}", 4),
        ("{\(member("e", "F32", [0, 3], [0, 0])),\(member("a"))}", 4),
        ("{\(member("u", "U8", [1], [0, 1])),\(member("unaligned", "F32", [1], [1, 5]))}", 5),
        ("{\(member("c", "C64", [1], [0, 8]))}", 8),
        ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":1}}", 4),
    ])
    func acceptsUnusualFiles(header: String, data: Int) throws {
        let file = try open(safetensors(header, data: data))
        #expect(file.tensors.reduce(0) { $0 + $1.range.count } == data)
    }

    @Test func keepsNamesApartThatStringTakesForEqual() throws {
        let header = "{\(member("\u{E9}")),\(member("e\u{301}", "F32", [1], [4, 8]))}"
        let file = try open(safetensors(header, data: 8))
        #expect(file["\u{E9}"].map { Array($0.bytes) } == [0, 1, 2, 3])
        #expect(file["e\u{301}"].map { Array($0.bytes) } == [4, 5, 6, 7])
    }

    @Test(
        arguments: [
            (
                safetensors("", length: 0).dropLast(3),
                "the file has 5 bytes, too few for the 8 that give the header's length"
            ),
            ([], "the file has 0 bytes, too few for the 8"),
            (
                safetensors("{}", length: .max)[...],
                "claims to be 18446744073709551615 bytes long, beyond the format's limit"
            ),
            (safetensors("{}", length: 1 << 63)[...], "claims to be 9223372036854775808 bytes long, beyond"),
            (safetensors("{}", length: 100_000_001)[...], "claims to be 100000001 bytes long, beyond"),
            (safetensors("{}", length: 3)[...], "claims to be 3 bytes long, but only 2 follow its length"),
            (safetensors("{\(member("a"))}", data: 4).prefix(30), "long, but only 22 follow its length"),
            (safetensors("{}", length: 0)[...], "ends where a value was expected, at byte 0"),
            (safetensors("{\"a\":")[...], "m.safetensors (header): the JSON text ends where a value was expected"),
            (safetensors("[]")[...], "must hold a JSON object, but holds an array"),
            (safetensors("{\(member("a")),\(member("a"))}", data: 4)[...], "the key \"a\" occurs twice"),
            (safetensors("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F16\"}}")[...], "the key \"dtype\" occurs twice"),
            (safetensors("{\"a\":1}")[...], "\"a\" must be an object, but is the number 1"),
            (safetensors("{\"a\":null}")[...], "\"a\" must be an object, but is null"),
            (safetensors("{\"__metadata__\":[]}")[...], "\"__metadata__\" must be an object, but is an array"),
            (
                safetensors("{\"__metadata__\":{\"a\":1}}")[...],
                "\"__metadata__.a\" must be a text, but is the number 1"
            ),
            (
                safetensors("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", data: 4)[...],
                "\"a.dtype\" must be a text, but is absent"
            ),
            (
                safetensors("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", data: 4)[...],
                "\"a.shape\" must be an array"
            ),
            (
                safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", data: 4)[...],
                "\"a.data_offsets\" must be an array"
            ),
            (safetensors("{\(member("a", "F31"))}", data: 4)[...], "tensor \"a\" has the unknown element type \"F31\""),
            (safetensors("{\(member("a", "f32"))}", data: 4)[...], "tensor \"a\" has the unknown element type \"f32\""),
            (safetensors("{\(member("a", "F32", [-1]))}", data: 4)[...], "tensor \"a\" has the impossible shape [-1]"),
            (
                safetensors("{\(member("a", "F32", [1 << 40, 1 << 40]))}", data: 4)[...],
                "has the impossible shape [1099511627776, "
            ),
            (
                safetensors("{\(member("a", "F32", [.max]))}", data: 4)[...],
                "has the impossible shape [9223372036854775807]"
            ),
            (
                safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", data: 4)[...],
                "\"a.shape\" must be an array of integers, but holds the number 1.0"
            ),
            (
                safetensors(
                    "{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551616],\"data_offsets\":[0,4]}}", data: 4)[
                        ...],
                "\"a.shape\" must be an array of integers"
            ),
            (
                safetensors("{\(member("a", "F32", [2]))}", data: 4)[...],
                "and shape [2] takes 8 bytes, but its data_offsets [0, 4] span 4"
            ),
            (safetensors("{\(member("a", "F16", [1]))}", data: 4)[...], "of type F16 and shape [1] takes 2 bytes"),
            (
                safetensors("{\(member("a", "F32", [1], [0]))}", data: 4)[...],
                "tensor \"a\" has the impossible data_offsets [0]"
            ),
            (
                safetensors("{\(member("a", "F32", [1], [0, 4, 8]))}", data: 4)[...],
                "the impossible data_offsets [0, 4, 8]"
            ),
            (safetensors("{\(member("a", "F32", [1], [4, 0]))}", data: 4)[...], "the impossible data_offsets [4, 0]"),
            (safetensors("{\(member("a", "F32", [1], [-4, 0]))}", data: 4)[...], "the impossible data_offsets [-4, 0]"),
            (
                safetensors("{\(member("a", "F32", [1], [.max - 4, .max]))}", data: 4)[...],
                "the impossible data_offsets"
            ),
            (safetensors("{\(member("a", "F32", [1], [4, 8]))}", data: 4)[...], "tensor \"a\" ends at byte"),
            (
                safetensors("{\(member("a"))}", data: 3)[...],
                "tensor \"a\" ends at byte 67, but the file has 66: it was cut off"
            ),
            (safetensors("{\(member("a"))}")[...], "it was cut off"),
            (safetensors("{\(member("a")),\(member("b"))}", data: 4)[...], "tensors \"a\" and \"b\" overlap"),
            (
                safetensors("{\(member("a", "F32", [2], [0, 8])),\(member("b", "F32", [1], [4, 8]))}", data: 8)[...],
                "tensors \"a\" and \"b\" overlap"
            ),
            (
                safetensors("{\(member("a")),\(member("b", "F32", [1], [8, 12]))}", data: 12)[...],
                "4 bytes before tensor \"b\" belong to no tensor"
            ),
            (
                safetensors("{\(member("a", "F32", [0], [2, 2]))}", data: 2)[...],
                "2 bytes before tensor \"a\" belong to no tensor"
            ),
            (safetensors("{\(member("a"))}", data: 12)[...], "8 bytes at the end belong to no tensor"),
        ] as [(ArraySlice<UInt8>, String)])
    func refuses(bytes: ArraySlice<UInt8>, reason: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("m.safetensors", bytes)
        let error = try #require(caughtError { () throws(InputError) in try SafetensorsFile(path: path) })
        #expect(error.kind == .data)
        #expect(error.description.hasPrefix(path))
        #expect(error.description.contains(reason), "\(error)")
        #expect(!error.advice.isEmpty)
    }

    /// Every cut of a real file is refused.
    @Test func refusesEveryTruncation() throws {
        let whole = try Fixture.plain()
        for length in stride(from: 0, to: whole.count, by: 97) {
            let error = whole.withUnsafeBytes { bytes in
                caughtError { () throws(InputError) in
                    try SafetensorsFile(bytes: UnsafeRawBufferPointer(rebasing: bytes[..<length]), place: "cut")
                }
            }
            #expect(error?.kind == .data, "\(length) bytes")
        }
    }

    @Test func writesWhatItReads() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/w.safetensors"
        let floats: [Float] = [1, -2, 3.5, 4, 5, 6]
        let halves: [UInt16] = [0x3C00, 0xC000, 0x7C00]
        try floats.withUnsafeBytes { floats in
            try halves.withUnsafeBytes { halves in
                try SafetensorsWriter.write(
                    [
                        .init("b\"\u{1}", .f16, shape: [3], bytes: halves),
                        .init("a", .f32, shape: [2, 3], bytes: floats),
                    ], to: path)
            }
        }
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata == ["format": "pt"])
        #expect(file.tensors.map(\.name) == ["a", "b\"\u{1}"])
        #expect(file.tensors.first.map { $0.range.lowerBound % 8 } == 0)
        #expect(file["a"].map { Array($0.bytes) } == floats.withUnsafeBytes { Array($0) })
        #expect(file["b\"\u{1}"].map { Array($0.bytes) } == halves.withUnsafeBytes { Array($0) })
    }

    /// The reference implementation's own file, taken apart and written again, is the same file.
    @Test func writesTheBytesThatTheReferenceWrites() throws {
        let folder = try TemporaryFolder()
        let file = try SafetensorsFile(path: Fixture.url("plain/model.safetensors").path)
        let tensors = file.tensors.reversed().compactMap { entry in
            file[JSONString(entry.name)].map {
                SafetensorsWriter.Tensor(entry.name, entry.dtype, shape: entry.shape, bytes: $0.bytes)
            }
        }
        let path = "\(folder.path)/w.safetensors"
        try SafetensorsWriter.write(tensors, to: path)
        #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) == Fixture.plain())
    }
}

extension SafetensorsFile {
    fileprivate subscript(name: String) -> WeightTensor? { self[JSONString(name)] }
}
