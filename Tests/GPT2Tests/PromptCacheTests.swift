import Checkpoints
import Files
import Foundation
import GPT2
import Tensors
import TestSupport
import Testing

/// A prompt's keys and values in a file change nothing but how much is computed.
@Suite struct PromptCacheTests {
    private let folder: TemporaryFolder
    private let file: String

    init() throws {
        folder = try TemporaryFolder()
        file = "\(folder.path)/prompt.cache"
    }

    @Test(arguments: WeightFormat.allCases) func textsAreTheSame(format: WeightFormat) throws {
        let model = try PromptCaches.model("long", format)
        let all = try PromptCaches.tokens("long", 700)
        let plain = try PromptCaches.generate(model, Array(all.prefix(600)))
        #expect(plain.cached == 0 && plain.steps == 3)

        let first = try PromptCaches.generate(model, Array(all.prefix(600)), file)
        #expect(first.text == plain.text && first.cached == 0 && first.steps == 3)
        // Loaded again, by another number of threads: as another process would.
        let again = try PromptCaches.model("long", format, threads: 1)
        let second = try PromptCaches.generate(again, Array(all.prefix(600)), file)
        #expect(second.text == plain.text && second.cached == 599 && second.steps == 1)

        // A longer prompt goes on from there, and takes its place.
        let longer = try PromptCaches.generate(again, all, file)
        #expect(try longer.text == PromptCaches.generate(model, all).text)
        #expect(longer.cached == 599 && longer.steps == 1)
        #expect(try PromptCacheFile(path: file, for: model).tokens == all)

        // A shorter one uses it and leaves it.
        let bytes = try PromptCaches.bytes(file)
        for count in [1, 2, 64, 65, 100] {
            let shorter = try PromptCaches.generate(again, Array(all.prefix(count)), file)
            #expect(try shorter.text == PromptCaches.generate(model, Array(all.prefix(count))).text)
            #expect(shorter.cached == count - 1)
            #expect(try PromptCaches.bytes(file) == bytes)
        }

        // One that becomes another uses what is alike, and takes its place.
        let other = Array(all.prefix(130)) + [all[130] == 0 ? 1 : 0] + all[131..<200]
        let changed = try PromptCaches.generate(again, other, file)
        #expect(try changed.text == PromptCaches.generate(model, other).text)
        #expect(changed.cached == 129)
        #expect(try PromptCacheFile(path: file, for: model).tokens == other)
    }

    /// Head sizes that are no multiple of a panel, and more than one panel; as many positions as the context has.
    @Test(arguments: ["narrow-heads", "wide-heads", "odd-inner"]) func everyBitComesBack(name: String) throws {
        let model = try PromptCaches.model(name, .q8)
        let length = model.configuration.contextLength
        let prompt = (0..<length).map { (7 * $0 + 3) % model.configuration.vocabularySize }
        let plain = try PromptCaches.generate(model, prompt)
        #expect(try PromptCaches.generate(model, prompt, file).text == plain.text)
        let second = try PromptCaches.generate(model, prompt, file)
        #expect(second.text == plain.text && second.text.tokens.count == 1 && second.cached == length - 1)

        let saved = try PromptCacheFile(path: file, for: model)
        let cache = KVCache(for: model.network, capacity: length)
        try saved.copy(first: length, to: cache)
        #expect(cache.count == length)
        #expect((0..<length).allSatisfy { saved.isSame(as: cache, at: $0) })
        // The file's own order, read by its description.
        let content = try PromptCacheContent(file)
        #expect(content.tokens.map(Int.init) == prompt && content.checksums == content.correctChecksums)
        let last = length - 1
        var batch = ForwardBatch()
        let fresh = KVCache(for: model.network, capacity: length)
        try batch.append(prompt, to: fresh)
        _ = model.network.hiddenStates(batch, rows: .none, ForwardContext(team: model.team))
        #expect(saved.isSame(as: fresh, at: last))
        let (heads, size) = (fresh.heads, fresh.headSize)
        for (layer, head, d) in [(0, 0, 0), (1, heads - 1, size - 1), (1, 0, size / 2)] {
            let offset = ((last * fresh.layers + layer) * heads + head) * size + d
            let page = last / KVCache.pageLength, slot = last % KVCache.pageLength
            let (keyPlace, valuePlace) = (
                slot / 16 * fresh.keyPanelStride + d * 16 + slot % 16,
                d / 16 * KVCache.valuePanelStride + slot * 16 + d % 16
            )
            if let keyScales = fresh.scales(.key, page: page, layer: layer, head: head),
                let valueScales = fresh.scales(.value, page: page, layer: layer, head: head)
            {
                let keys = fresh.keys(page: page, layer: layer, head: head).assumingMemoryBound(to: Int8.self)
                let values = fresh.values(page: page, layer: layer, head: head).assumingMemoryBound(to: Int8.self)
                #expect(content.keys[offset] == Float(keys[keyPlace]) * keyScales[slot])
                #expect(content.values[offset] == Float(values[valuePlace]) * valueScales[slot])
            } else {
                let keys = fresh.keys(page: page, layer: layer, head: head).assumingMemoryBound(to: Float.self)
                let values = fresh.values(page: page, layer: layer, head: head).assumingMemoryBound(to: Float.self)
                #expect(content.keys[offset] == keys[keyPlace] && content.values[offset] == values[valuePlace])
            }
        }
    }

    @Test func anUnreadPromptIsNotSaved() throws {
        let model = try PromptCaches.model("long")
        let generation = try Generation(model, prompt: PromptCaches.tokens("long", 400), promptCache: file)
        try generation.savePrompt()
        guard case .prefilled = try generation.step() else { return #expect(Bool(false), "one chunk of two") }
        try generation.savePrompt()
        #expect(PathKind(file) == .absent)
        _ = try generation.next()
        try generation.savePrompt()
        #expect(try PromptCacheFile(path: file, for: model).tokens.count == 400)
    }

    // MARK: Other models

    /// The last is a weight that this prompt does not touch, and the smallest change there is.
    @Test func anotherModelsFileIsAnErrorAndStays() throws {
        let model = try PromptCaches.model("base")
        let prompt = try PromptCaches.tokens("base", 20).map { $0 % 200 }  // known to all of them
        _ = try PromptCaches.generate(model, prompt, file)
        let bytes = try PromptCaches.bytes(file)
        let unused = try #require((0..<211).first { !prompt.contains($0) })
        let others = [
            try PromptCaches.model("base", .q8), try PromptCaches.model("base", .f16), try PromptCaches.model("relu"),
            try PromptCaches.model("long"),
            try GenerationModels.reference("base", changing: ["layer_norm_epsilon": 1e-4]),
            try GenerationModels.reference("base", changing: ["scale_attn_by_inverse_layer_idx": true]),
            try PromptCaches.model("base") { data in
                let start = 8 + data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                data[start + unused * 48 * 4] ^= 1  // wte comes first
            },
        ]
        for other in others {
            let error = caughtError { () throws(InputError) in
                try Generation(other, prompt: prompt, promptCache: file)
            }
            #expect(error?.kind == .data && error?.place == file)
            #expect(error?.problem.contains(model.source.place) == true)
            #expect(error?.problem.contains(other.source.place) == true)
            #expect(try PromptCaches.bytes(file) == bytes)
        }
        // The same model again is no other.
        #expect(try PromptCaches.generate(PromptCaches.model("base", threads: 3), prompt, file).cached == 19)
    }

    /// As if the program that made the file had computed otherwise.
    @Test func anotherArithmeticIsAnError() throws {
        let model = try PromptCaches.model("base")
        let prompt = try PromptCaches.tokens("base", 20)
        _ = try PromptCaches.generate(model, prompt, file)
        var content = try PromptCacheContent(file)
        for index in content.values.indices { content.values[index] = content.values[index].nextUp }
        content.checksums = nil
        try content.write(to: file)
        let bytes = try PromptCaches.bytes(file)
        for count in [20, 10, 1] {
            let generation = try Generation(model, prompt: Array(prompt.prefix(count)), promptCache: file)
            let error = caughtError { () throws(InputError) in try generation.next() }
            #expect(error?.kind == .data && error?.place == file)
            #expect(error?.problem.contains("position \(count - 1)") == true)
            #expect(try generation.next() == nil)
            try generation.savePrompt()
        }
        #expect(try PromptCaches.bytes(file) == bytes)
    }

    // MARK: Other files

    @Test func filesThatAreNoPromptCachesStay() throws {
        let model = try PromptCaches.model("base")
        let texts = [Data("My diary\n".utf8), Data([0]), Data(count: 4096), try Self.weights()]
        for text in texts {
            try text.write(to: URL(fileURLWithPath: file))
            let error = caughtError { () throws(InputError) in try Generation(model, prompt: [1], promptCache: file) }
            #expect(error?.kind == .data && error?.place?.hasPrefix(file) == true)
            #expect(error?.advice.contains("another file") == true)
            #expect(try PromptCaches.bytes(file) == text)
        }
        #expect(
            caughtError { () throws(InputError) in
                try Generation(model, prompt: [1], promptCache: folder.path)
            }?.kind == .data)
    }

    private static func weights() throws -> Data {
        try CounterCheckpoint.with(Fixtures.reference("small/base")) { path in
            try PromptCaches.bytes("\(path)/model.safetensors")
        }
    }

    @Test func aFileThatHasComeMeanwhileStays() throws {
        let model = try PromptCaches.model("base")
        let generation = try Generation(model, prompt: [1, 2], promptCache: file)
        _ = try generation.next()
        try folder.write("prompt.cache", Data("My diary\n".utf8))
        let error = caughtError { () throws(InputError) in try generation.savePrompt() }
        #expect(error?.kind == .data)
        #expect(try PromptCaches.bytes(file) == Data("My diary\n".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["prompt.cache"])
    }

    @Test func anEmptyFileIsRoom() throws {
        let model = try PromptCaches.model("base")
        try folder.write("prompt.cache", [])
        _ = try PromptCaches.generate(model, [1, 2, 3], file)
        #expect(try PromptCaches.generate(model, [1, 2, 3], file).cached == 2)
    }

    @Test func foldersThatTakeNoFilesAreErrors() throws {
        let model = try PromptCaches.model("base")
        for path in ["\(folder.path)/none/file", ""] {
            let error = caughtError { () throws(InputError) in try Generation(model, prompt: [1], promptCache: path) }
            #expect(error?.kind == .missing)
        }
        #if os(Linux)
            // A folder that is there, but takes nothing: known only when the text is.
            let generation = try Generation(model, prompt: [1], promptCache: "/proc/none")
            #expect(try generation.next() != nil)
            let error = caughtError { () throws(InputError) in try generation.savePrompt() }
            #expect(error?.kind == .missing && error?.place == "/proc/none")
        #endif
    }
}
