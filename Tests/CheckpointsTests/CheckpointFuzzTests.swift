import Checkpoints
import Files
import Foundation
import Fuzzing
import GPT2
import Tensors
import TestSupport
import Testing

@Suite struct CheckpointFuzzTests {
    /// Mostly mutants of the header's JSON behind a correct length, some with data cut off or added; the rest damaged
    /// blindly, the length included.
    @Test func safetensorsSurvivesMutants() throws {
        let configuration = try GPT2Configuration(json: Fixture.directory("plain").configuration(), place: "c")
        let original = try Fixture.plain()
        let headerCount = Int(original[0]) | Int(original[1]) << 8
        let header = Array(original[8..<8 + headerCount])
        let data = Array(original[(8 + headerCount)...])
        let small = safetensors(
            "{\(member("a")),\(member("b", "F16", [0, 2], [4, 4])),\(member("c", "U8", [3], [4, 7]))}", data: 7)
        let tree = JSONTree(header)
        let smallTree = JSONTree(Array(small[8..<small.count - 7]))
        let memory = try #require(GuardedBytes(capacity: 1 << 16))

        func mutant(_ generator: inout FuzzGenerator) -> [UInt8] {
            let isSmall = generator.chance(50)
            if generator.chance(15) { return generator.mutate(isSmall ? small : original) }
            let source = isSmall ? smallTree : tree
            var header = source.mutant(&generator)
            if generator.chance(10) { header = generator.mutate(header) }
            var data = isSmall ? small.suffix(7) : data[...]
            if generator.chance(10) { data = data.dropLast(1 + generator.below(8)) }
            if generator.chance(10) { data += [UInt8](repeating: 0, count: 1 + generator.below(8)) }
            return withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) } + header + data
        }

        let run = FuzzRun.run("safetensors", smoke: 4000) { generator in
            memory.with(mutant(&generator)) { bytes in
                do throws(InputError) {
                    let weights = try Weights(bytes: bytes, place: "mutant")
                    try read(weights)
                    _ = try GPT2Checkpoint(weights, configuration)
                    return .accepted
                } catch {
                    #expect(error.kind == .data && error.place?.hasPrefix("mutant") == true)
                    return passesHeader(bytes) ? .refused : .stoppedAtHeader
                }
            }
        }
        #expect(run.pastHeader * 2 > run.cases)
        #expect(run.accepted > 0)
    }

    /// Panels are used where they lie, so what is accepted passes through the model. Half of the headers are whole, and most
    /// mutants have hostile bytes among their panels, norms and biases.
    @Test func storedPanelsSurviveMutants() throws {
        let configuration = try GPT2Configuration(json: Fixture.directory("plain").configuration(), place: "c")
        let generation = try GenerationConfiguration(configuration, place: "c")
        let folder = try TemporaryFolder()
        let seeds = try [WeightFormat.q8, .q4].map { format in
            let out = "\(folder.path)/\(format.rawValue)"
            try ModelConversion(directory: Fixture.url("plain").path).write(format, to: out)
            return try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(out)/model.safetensors")))
        }
        let starts = seeds.map { 8 + Int($0[0]) + Int($0[1]) << 8 }
        let trees = zip(seeds, starts).map { JSONTree(Array($0[8..<$1])) }
        let memory = try #require(GuardedBytes(capacity: 1 << 16))
        let context = ForwardContext()

        func mutant(_ generator: inout FuzzGenerator) -> [UInt8] {
            let index = generator.below(seeds.count)
            let whole = Array(seeds[index][8..<starts[index]])
            let header = generator.chance(50) ? whole : trees[index].mutant(&generator)
            var data = Array(seeds[index][starts[index]...])
            for _ in 0..<generator.below(20) {
                data[generator.below(data.count)] = generator.pick([0, 0x7C, 0x7F, 0x80, 0xFC, 0xFF])
            }
            if generator.chance(10) { data = data.dropLast(1 + generator.below(8)) }
            return withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) } + header + data
        }

        let run = FuzzRun.run("stored panels", smoke: 2000) { generator in
            memory.with(mutant(&generator)) { bytes in
                do throws(InputError) {
                    let model = try GPT2Model(
                        configuration: configuration, generation: generation,
                        weights: Weights(bytes: bytes, place: "mutant"), tokenizer: nil, place: "mutant",
                        team: context.team)
                    var batch = ForwardBatch()
                    try batch.append(whole: [1, 2, 3, 23, 0])
                    #expect(model.network.logits(batch, rows: .all, context).shape == Shape(5, 24))
                    return .accepted
                } catch {
                    #expect(error.kind == .data && error.place?.hasPrefix("mutant") == true, "\(error)")
                    return passesHeader(bytes) ? .refused : .stoppedAtHeader
                }
            }
        }
        #expect(run.pastHeader * 2 > run.cases)
        #expect(run.accepted * 3 > run.cases)
    }

    /// Whether the eight bytes of length are right and a JSON object follows.
    private func passesHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 8 else { return false }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= bytes.count - 8 else { return false }
        let header = UnsafeRawBufferPointer(rebasing: bytes[8..<8 + Int(length)])
        guard let json = try? JSON.parse(header, in: ""), case .object = json else { return false }
        return true
    }

    /// Touches the ends of every tensor.
    private func read(_ weights: Weights) throws(InputError) {
        for name in weights.names {
            guard let tensor = weights[name] else { continue }
            _ = tensor.bytes.first
            _ = tensor.bytes.last
            tensor.release(bytes: 0..<tensor.bytes.count)
        }
    }

    @Test func configurationsSurviveMutants() throws {
        let directory = try Fixture.url("plain")
        let seeds = try ["config.json", "generation_config.json"].map {
            try [UInt8](Data(contentsOf: directory.appendingPathComponent($0)))
        }
        let trees = seeds.map { JSONTree($0) }
        let base = try GPT2Configuration(json: Fixture.directory("plain").configuration(), place: "c")
        let memory = try #require(GuardedBytes(capacity: 1 << 16))
        let run = FuzzRun.run("configurations", smoke: 4000) { generator in
            let index = generator.below(2)
            let text = generator.chance(75) ? trees[index].mutant(&generator) : generator.mutate(seeds[index])
            return memory.with(text) { bytes in
                var isJSON = false
                do throws(InputError) {
                    let json = try JSON.parse(bytes, in: "mutant")
                    isJSON = true
                    if index == 0 {
                        let configuration = try GPT2Configuration(json: json, place: "mutant")
                        try configuration.validate()
                        // Reaches every product of sizes.
                        if configuration.layers < 100 { _ = configuration.transformerTensors }
                    } else {
                        let generation = try GenerationConfiguration(base, json: json, place: "mutant")
                        #expect(generation.endOfText.allSatisfy { (0..<base.vocabularySize).contains($0) })
                    }
                    return .accepted
                } catch {
                    #expect(error.kind == .data && error.place == "mutant")
                    return isJSON ? .refused : .stoppedAtHeader
                }
            }
        }
        #expect(run.pastHeader * 2 > run.cases)
        #expect(run.accepted > 0)
    }

    @Test func shardIndexesSurviveMutants() throws {
        let folder = try TemporaryFolder()
        try folder.write("config.json", "{}".utf8)
        try folder.write("a.safetensors", safetensors("{\(member("x"))}", data: 4))
        try folder.write("b.safetensors", safetensors("{\(member("y"))}", data: 4))
        let index = #"{"metadata":{"total_size":8},"weight_map":{"x":"a.safetensors","y":"b.safetensors"}}"#
        let tree = JSONTree([UInt8](index.utf8))
        let directory = try ModelDirectory(folder.path)
        let run = try FuzzRun.run("shard indexes", smoke: 500) { generator in
            let isTree = generator.chance(75)
            let text = isTree ? tree.mutant(&generator) : generator.mutate([UInt8](index.utf8))
            try folder.write("model.safetensors.index.json", text)
            do throws(InputError) {
                _ = try directory.weights()
                return .accepted
            } catch {
                #expect(error.place?.hasPrefix(folder.path) == true)
                return error.problem.contains("at byte") ? .stoppedAtHeader : .refused
            }
        }
        #expect(run.pastHeader * 2 > run.cases)
        #expect(run.accepted > 0)
    }
}
