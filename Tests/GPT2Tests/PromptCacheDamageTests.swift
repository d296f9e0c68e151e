import Checkpoints
import Files
import Foundation
import Fuzzing
import GPT2
import Tensors
import TestSupport
import Testing

/// Whatever a prompt cache's file holds, it is taken as it was written or refused.
@Suite struct PromptCacheDamageTests {
    private let model: GPT2Model
    private let folder: TemporaryFolder
    private let file: String

    /// 70 tokens: a full page and a part of one.
    init() throws {
        folder = try TemporaryFolder()
        file = "\(folder.path)/prompt.cache"
        model = try PromptCaches.model("base")
        _ = try PromptCaches.generate(model, (0..<70).map { 3 * $0 }, file)
    }

    private func error(_ change: (inout PromptCacheContent) -> Void) throws -> InputError? {
        var content = try PromptCacheContent(file)
        change(&content)
        let damaged = "\(folder.path)/damaged"
        try content.write(to: damaged)
        let error = caughtError { () throws(InputError) in
            try Generation(model, prompt: (0..<70).map { 3 * $0 }, promptCache: damaged)
        }
        if let error { #expect(error.kind == .data && error.place == damaged) }
        return error
    }

    /// Else the tests below prove nothing.
    @Test func theContentIsUnderstood() throws {
        #expect(try error { _ in } == nil)
        #expect(try error { $0.checksums = nil } == nil)
        #expect(try error { $0.metadata["model"] = "elsewhere" } == nil)
    }

    @Test func numbersThatMakeNoSenseAreRefused() throws {
        for value in [Float.nan, .infinity, -.infinity] {
            let key = try error {
                $0.keys[5] = value
                $0.checksums = nil
            }
            #expect(key?.problem.contains("not numbers") == true)
            let value = try error {
                $0.values[$0.values.count - 1] = value
                $0.checksums = nil
            }
            #expect(value?.problem.contains("not numbers") == true)
        }
        for token in [211, -1, .max] as [Int32] {
            let error = try error {
                $0.tokens[69] = token
                $0.checksums = nil
            }
            #expect(error?.problem.contains("\(token) is outside the model's vocabulary") == true)
        }
    }

    @Test func everyChangedBitIsSeen() throws {
        // Of a prompt that begins otherwise nothing is taken, right or wrong.
        #expect(try error { $0.tokens[0] = 5 } == nil)
        #expect(try error { $0.tokens[30] ^= 1 }?.problem.contains("checksum") == true)
        #expect(try error { $0.keys[0] = $0.keys[0].nextUp }?.problem.contains("checksum") == true)
        #expect(try error { $0.values[65 * 144] = $0.values[65 * 144].nextUp }?.problem.contains("checksum") == true)
        #expect(try error { $0.checksums?[5] ^= 1 }?.problem.contains("checksum") == true)
    }

    @Test func otherShapesAreRefused() throws {
        #expect(try error { $0.shape = [3, 3, 16] }?.problem.contains("\"keys\"") == true)
        #expect(try error { $0.shape = [4, 3, 12] }?.problem.contains("\"keys\"") == true)
        #expect(try error { $0.tokenType = .u32 }?.problem.contains("\"tokens\"") == true)
        #expect(try error { $0.extra = true }?.problem.contains("5 tensors") == true)
        #expect(try error { $0.checksums?.removeLast(3) }?.problem.contains("\"checksums\"") == true)
        #expect(try error { $0.checksums? += [1, 2, 3] }?.problem.contains("\"checksums\"") == true)
        let longer = try error {
            $0.tokens += [Int32](repeating: 0, count: 200)
            $0.keys += [Float](repeating: 0, count: 200 * 144)
            $0.values += [Float](repeating: 0, count: 200 * 144)
            $0.checksums = nil
        }
        #expect(longer?.problem.contains("[270] and should hold 1 to 256") == true)
        let empty = try error {
            ($0.tokens, $0.keys, $0.values, $0.checksums) = ([], [], [], [])
        }
        #expect(empty?.problem.contains("should hold 1 to 256") == true)
    }

    @Test func otherVersionsAreRefused() throws {
        #expect(try error { $0.metadata["version"] = "2" }?.problem.contains("version \"2\"") == true)
        #expect(try error { $0.metadata["version"] = nil }?.problem.contains("version") == true)
        #expect(try error { $0.metadata["format"] = "pt" }?.problem.contains("no prompt cache") == true)
        #expect(try error { $0.metadata["fingerprint"] = "12" }?.problem.contains("\"12\"") == true)
    }

    @Test func aCutFileIsRefused() throws {
        let bytes = try PromptCaches.bytes(file)
        for count in [1, 7, 8, 100, 600, bytes.count / 2, bytes.count - 1] {
            let cut = try folder.write("cut", bytes.prefix(count))
            let error = caughtError { () throws(InputError) in try Generation(model, prompt: [0], promptCache: cut) }
            #expect(error?.kind == .data && error?.advice.contains("delete this one") == true)
            #expect(try PromptCaches.bytes(cut).count == count)
        }
    }

    /// Mostly mutants of the header behind a correct length; the rest damaged blindly.
    @Test func promptCachesSurviveMutants() throws {
        _ = try PromptCaches.generate(model, [5, 4, 3], "\(folder.path)/small")
        let original = try [UInt8](PromptCaches.bytes("\(folder.path)/small"))
        let headerCount = Int(original[0]) | Int(original[1]) << 8
        let tree = JSONTree(Array(original[8..<8 + headerCount]))
        let data = original[(8 + headerCount)...]
        let memory = try #require(GuardedBytes(capacity: 1 << 16))

        func mutant(_ generator: inout FuzzGenerator) -> [UInt8] {
            if generator.chance(15) { return generator.mutate(original) }
            let header = generator.chance(20) ? original[8..<8 + headerCount] : tree.mutant(&generator)[...]
            let data = generator.chance(20) ? generator.mutate(Array(data))[...] : data
            return withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) } + header + data
        }

        let run = FuzzRun.run("prompt caches", smoke: 4000) { generator in
            memory.with(mutant(&generator)) { bytes in
                var isSafetensors = false
                do throws(InputError) {
                    let file = try SafetensorsFile(bytes: bytes, place: "mutant")
                    isSafetensors = true
                    let saved = try PromptCacheFile(file, for: model)
                    let cache = KVCache(for: model.network, capacity: 256)
                    try saved.copy(first: saved.tokens.count, to: cache)
                    #expect(saved.isSame(as: cache, at: cache.count - 1))
                    #expect(saved.tokens == [5, 4, 3])
                    return .accepted
                } catch {
                    #expect(error.kind == .data && error.place?.hasPrefix("mutant") == true)
                    return isSafetensors ? .refused : .stoppedAtHeader
                }
            }
        }
        #expect(run.pastHeader * 10 > run.cases)
        #expect(run.accepted > 0)
    }
}
