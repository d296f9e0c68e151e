import Files
import Foundation
import Fuzzing
import Testing
import Tokenizers

/// Damaged tokenizer files are refused or read, and what is read works. `GPT2_FUZZ_CASES` says how many are tried.
@Suite struct TokenizerFuzzTests {
    private static let text = Array("the cat and the hat, na\u{EF}ve or not \u{1F600}\n\n<|endoftext|>aaaaaaaa".utf8)

    @Test func survivesDamagedTokenizerJSON() throws {
        let seed = try Fixtures.bytes("small/tokenizer.json")
        let tree = JSONTree(seed)
        let memory = try #require(GuardedBytes(capacity: 1 << 16))
        let run = FuzzRun.run("tokenizer.json", smoke: 4000) { generator in
            let text = generator.chance(85) ? tree.mutant(&generator) : generator.mutate(seed)
            return memory.with(text) { bytes in
                Self.attempt { () throws(InputError) in try Tokenizer(tokenizerJSON: bytes, place: "mutant") }
            }
        }
        #expect(run.pastHeader * 2 > run.cases)
        #expect(run.accepted > 0)
    }

    @Test func survivesDamagedCharacters() throws {
        let seed = try Fixtures.bytes("characters.json")
        let tree = JSONTree(seed)
        let memory = try #require(GuardedBytes(capacity: 1 << 16))
        let run = FuzzRun.run("characters", smoke: 4000) { generator in
            let text = generator.chance(85) ? tree.mutant(&generator) : generator.mutate(seed)
            return memory.with(text) { bytes in
                Self.attempt { () throws(InputError) in try Tokenizer(tokenizerJSON: bytes, place: "mutant") }
            }
        }
        #expect(run.pastHeader * 2 > run.cases)
        #expect(run.accepted > 0)
    }

    @Test func survivesDamagedVocabularyAndMerges() throws {
        let vocabulary = try Fixtures.bytes("small/vocab.json")
        let merges = try Fixtures.bytes("small/merges.txt")
        let tree = JSONTree(vocabulary)
        let memory = try #require(GuardedBytes(capacity: 1 << 16))
        let moreMemory = try #require(GuardedBytes(capacity: 1 << 16))
        let run = FuzzRun.run("vocab.json and merges.txt", smoke: 4000) { generator in
            let mutatesMerges = generator.chance(60)
            let vocabulary = mutatesMerges ? vocabulary : tree.mutant(&generator)
            let merges = mutatesMerges ? Self.mutate(merges, &generator) : merges
            return memory.with(vocabulary) { vocabulary in
                moreMemory.with(merges) { merges in
                    Self.attempt { () throws(InputError) in
                        try Tokenizer(
                            vocabulary: vocabulary, merges: merges, vocabularyPlace: "mutant", mergesPlace: "mutant")
                    }
                }
            }
        }
        #expect(run.pastHeader * 2 > run.cases)
        #expect(run.accepted > 0)
    }

    private static func attempt(_ load: () throws(InputError) -> Tokenizer) -> FuzzRun.Outcome {
        do throws(InputError) {
            let tokenizer = try load()
            for allowSpecial in [false, true] {
                let tokens = tokenizer.encode(utf8: text, allowSpecial: allowSpecial)
                #expect(tokens.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize })
                // Characters that have no token are left out.
                let isWhole = (try? tokenizer.encodeExactly(text, in: "", allowSpecial: allowSpecial)) == tokens
                #expect(isWhole || tokenizer.isCharacterLevel)
                #expect(try (tokenizer.decode(tokens) == text) == isWhole)
            }
            return .accepted
        } catch {
            #expect(error.kind == .data)
            #expect(error.place?.hasPrefix("mutant") == true, "\(error)")
            // The JSON reader's errors are the ones with a byte offset.
            return error.problem.contains("at byte") ? .stoppedAtHeader : .refused
        }
    }

    /// Changes lines, or bytes blindly.
    private static func mutate(_ merges: [UInt8], _ generator: inout FuzzGenerator) -> [UInt8] {
        guard generator.chance(70) else { return generator.mutate(merges) }
        var lines = merges.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        for _ in 0...generator.below(3) {
            guard !lines.isEmpty else { break }
            let (index, other) = (generator.below(lines.count), generator.below(lines.count))
            switch generator.below(6) {
            case 0: lines.remove(at: index)
            case 1: lines.insert(lines[other], at: index)
            case 2: lines.swapAt(index, other)
            case 3: lines[index] = lines[index].reversed()
            case 4: lines[index] += lines[other]
            default:
                lines[index] = Array(
                    generator.pick(["", " ", "a", "a b", "a b c", "Ġ a", "é x", "\r", "#version"]).utf8)
            }
        }
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }
}
