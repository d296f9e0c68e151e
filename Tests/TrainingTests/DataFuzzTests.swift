import Files
import Foundation
import Fuzzing
import TestSupport
import Testing
import Training

/// Damaged token files are refused or read, and never past their end.
@Suite struct DataFuzzTests {
    @Test func tokenFilesSurviveMutants() throws {
        let seeds = try ["nanogpt.bin", "llmc.bin", "llmc-wide.bin"].map { try Fixture.bytes($0) }
        let memory = try #require(GuardedBytes(capacity: 1 << 12))
        let run = FuzzRun.run("token files", smoke: 4000) { generator in
            var bytes = generator.pick(seeds)
            if generator.chance(50), bytes.count > 12 {
                // The header's words, where the rest of a file would drown them.
                bytes.replaceSubrange(0..<12, with: (generator.mutate(Array(bytes[..<12])) + [0, 0, 0, 0]).prefix(12))
            } else {
                bytes = Array(generator.mutate(bytes).prefix(1 << 12))
            }
            return memory.with(bytes) { bytes in
                do throws(InputError) {
                    let format = generator.chance(30) ? generator.pick(TokenFormat.allCases) : nil
                    let layout = try TokenLayout(bytes, as: format, in: "mutant")
                    let end = layout.format.headerCount + layout.count * layout.format.bytesPerToken
                    #expect(layout.count > 0 && end == bytes.count)
                    return .accepted
                } catch {
                    #expect(error.kind == .data && error.place == "mutant")
                    return .refused
                }
            }
        }
        #expect(run.accepted > 0 && run.accepted < run.cases)
    }

    @Test func manifestsSurviveMutants() throws {
        let tree = JSONTree(
            Array(
                """
                {"kind": "swift-gpt2 tokens", "version": 1, "token_bits": 16, "vocabulary_size": 65, \
                "training_tokens": 1003854, "validation_tokens": 111540, "source_bytes": 1115394}
                """.utf8))
        let memory = try #require(GuardedBytes(capacity: 1 << 12))
        let run = FuzzRun.run("meta.json", smoke: 2000) { generator in
            memory.with(tree.mutant(&generator)) { bytes in
                do throws(InputError) {
                    let json = try JSON.parse(bytes, in: "mutant")
                    do throws(InputError) {
                        _ = try PreparedTokens.manifest(json, in: "mutant")
                        return .accepted
                    } catch {
                        #expect(error.kind == .data && error.place == "mutant")
                        return .refused
                    }
                } catch {
                    return .stoppedAtHeader
                }
            }
        }
        #expect(run.accepted > 0 && run.pastHeader * 2 > run.cases)
    }
}
