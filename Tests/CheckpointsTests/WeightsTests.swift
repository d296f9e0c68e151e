import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

@Suite struct WeightsTests {
    private func weights(_ header: String, data: Int) throws -> Weights {
        let folder = try TemporaryFolder()
        let path = try folder.write("m", safetensors(header, data: data))
        return try Weights([SafetensorsFile(path: path)], place: "m")
    }

    @Test func findsNamesWithAndWithoutPrefix() throws {
        for directory in ["plain", "prefixless"] {
            let weights = try Fixture.directory(directory).weights()
            for name in ["wpe.weight", "transformer.wpe.weight"] {
                #expect(weights.contains(name))
                #expect(try weights.tensor(name, shape: [16, 8]).shape == [16, 8])
            }
            #expect(!weights.contains("transformer.transformer.wpe.weight"))
            #expect(!weights.contains("pe.weight"))
        }
    }

    @Test func namesEverythingThatIsWrongAtOnce() throws {
        let header = """
            {\(member("a", "F32", [1], [0, 4])),\(member("transformer.b", "F32", [1], [4, 8])),\
            \(member("c", "I32", [1], [8, 12])),\(member("d", "F16", [2], [12, 16])),\(member("g", "F64", [1], [16, 24]))}
            """
        let weights = try weights(header, data: 24)
        let expected: [ExpectedTensor] = [
            .init("a", shape: [1]), .init("b", shape: [1, 1]), .init("c", shape: [1]), .init("d", shape: [2]),
            .init("e", shape: [3, 4]), .init("f", shape: []), .init("g", shape: [1], types: [.u8]),
        ]
        let error = try #require(caughtError { () throws(InputError) in try weights.tensors(expected) })
        #expect(error.kind == .data)
        #expect(
            error.description == """
                m: 2 tensors are missing: e [3, 4], f []; 1 tensor is misshapen: transformer.b is [1] and should be [1, 1]; \
                1 tensor is not BF16 or F16 or F32: c is I32; 1 tensor is not U8: g is F64. \
                Check that config.json and the weights belong together, or download the model again.
                """)
    }

    @Test func shortensLongLists() throws {
        let weights = try weights("{}", data: 0)
        let expected = (0..<45).map { ExpectedTensor("t\($0)", shape: []) }
        let error = caughtError { () throws(InputError) in try weights.tensors(expected) }
        #expect(error?.problem.hasPrefix("45 tensors are missing: t0 [], t1 [], ") == true)
        #expect(error?.problem.hasSuffix("t39 [] and 5 more") == true)
    }

    @Test func refusesANameWithAndWithoutPrefix() throws {
        let header = "{\(member("x")),\(member("transformer.x", "F32", [1], [4, 8]))}"
        let error = #expect(throws: InputError.self) { try weights(header, data: 8) }
        #expect(error?.problem.contains("tensor \"transformer.x\" is there twice: the other is \"x\"") == true)
    }

    /// The causal masks of old checkpoints are no parameters; the bias of c_attn, whose name ends alike, is.
    @Test func ignoresCausalMasksOnly() throws {
        let names = [
            "h.0.attn.bias", "transformer.h.11.attn.masked_bias", "h.0.attn.c_attn.bias", "h.x.attn.bias", "attn.bias",
            "h.0.attn.bias.more", "\u{1B}[31m", "lm_head.weight",
        ]
        let members = names.enumerated().map { index, name in
            member(name.quoted.trimmingCharacters(in: ["\""]), "F32", [1], [4 * index, 4 * index + 4])
        }
        let weights = try weights("{\(members.joined(separator: ","))}", data: 4 * names.count)
        let unused = weights.unused(expecting: [ExpectedTensor("transformer.lm_head.weight", shape: [])])
        #expect(unused == ["h.0.attn.c_attn.bias", "h.x.attn.bias", "attn.bias", "h.0.attn.bias.more", "\u{1B}[31m"])
        #expect(unused.listed.hasSuffix(#"h.0.attn.bias.more, "\u001b[31m""#))
    }

    @Test func readsFromMemory() throws {
        let bytes = try Fixture.plain()
        let forever = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        forever.copyBytes(from: bytes)
        let weights = try Weights(bytes: UnsafeRawBufferPointer(forever), place: "built in")
        let tensor = try weights.tensor("wpe.weight", shape: [16, 8])
        #expect(tensor.place == "built in")
        #expect(tensor.bytes.count == 16 * 8 * 4)
        tensor.release(bytes: 0..<tensor.bytes.count)
        #expect(tensor.holdsSameBytes(as: tensor))
    }

    @Test func keepsTheFileMappedWhileATensorLives() throws {
        let header = "{\(member("a", "U8", [100_000], [0, 100_000])),\(member("b", "BF16", [2], [100_000, 100_004]))}"
        let tensor = try weights(header, data: 100_004).tensor("b", shape: [2])
        #expect(Array(tensor.bytes) == (100_000..<100_004).map { UInt8(truncatingIfNeeded: $0) })
        tensor.release(bytes: -1..<1_000_000)
        #expect(Array(tensor.bytes) == (100_000..<100_004).map { UInt8(truncatingIfNeeded: $0) })
    }

    @Test func comparesTensors() throws {
        let header = """
            {\(member("a", "U8", [2], [0, 2])),\(member("b", "U8", [2], [2, 4])),\(member("c", "U8", [2, 1], [4, 6])),\
            \(member("d", "I8", [2], [6, 8])),\(member("e", "U8", [0], [8, 8]))}
            """
        let folder = try TemporaryFolder()
        let file = try SafetensorsFile(path: folder.write("m", safetensors(header) + [1, 2, 1, 3, 1, 2, 1, 2]))
        let tensors = try ["a", "b", "c", "d", "e"].map { try #require(file[JSONString($0)]) }
        #expect(tensors.map { tensors[0].holdsSameBytes(as: $0) } == [true, false, false, false, false])
        #expect(tensors[4].holdsSameBytes(as: tensors[4]))
    }
}
