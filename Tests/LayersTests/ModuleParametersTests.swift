import Files
import Foundation
import Layers
import Runtime
import Tensors
import TestSupport
import Testing

@Suite("A module's parameters by path")
struct ModuleParametersTests {
    private func encoder(seed: UInt64, channels: Int = 8, layers: Int = 2) -> TransformerEncoder {
        var generator = WeightGenerator(seed: seed)
        let options = TransformerLayerOptions(innerChannels: 12)
        return TransformerEncoder(
            channels, heads: 2, layers: layers, options: options, finalNorm: true, using: &generator)
    }

    private func values(_ module: some Module) -> [String: [Float]] {
        Dictionary(uniqueKeysWithValues: module.parameters.map { ($0.path, $0.tensor.values) })
    }

    @Test func listsThemInOrder() {
        let paths = encoder(seed: 1, layers: 1).parameters.map(\.path)
        #expect(
            paths == [
                "layers.0.self_attn.in_proj_weight", "layers.0.self_attn.in_proj_bias",
                "layers.0.self_attn.out_proj.weight", "layers.0.self_attn.out_proj.bias", "layers.0.linear1.weight",
                "layers.0.linear1.bias", "layers.0.linear2.weight", "layers.0.linear2.bias", "layers.0.norm1.weight",
                "layers.0.norm1.bias", "layers.0.norm2.weight", "layers.0.norm2.bias", "norm.weight", "norm.bias",
            ])
        #expect(encoder(seed: 1, layers: 1).parameterCount == 4 * 8 * 8 + 4 * 8 + 2 * 8 * 12 + 12 + 8 + 6 * 8)
    }

    @Test func savesAndLoads() throws {
        let folder = try TemporaryFolder()
        let saved = encoder(seed: 1)
        try saved.save(to: "\(folder.path)/encoder.safetensors")
        var loaded = encoder(seed: 2)
        #expect(values(loaded) != values(saved))
        try loaded.load(contentsOf: "\(folder.path)/encoder.safetensors")
        #expect(values(loaded) == values(saved))
        let paths = Set(loaded.parameters.filter(\.tensor.isParameter).map(\.path))
        #expect(paths.count == saved.parameters.count, "what was trainable still is")
    }

    @Test("reads what PyTorch wrote", arguments: ["float32", "float16", "bfloat16"])
    func readsPyTorch(dtype: String) throws {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        var generator = WeightGenerator(seed: 0)
        var linear = Linear(3, 2, using: &generator)
        try linear.load(contentsOf: folder.appendingPathComponent("linear-\(dtype).safetensors").path)
        // Numbers that all three types hold.
        #expect(values(linear) == ["weight": [1, -2, 0.5, 0.25, 3, -0.125], "bias": [-1.5, 8]])
    }

    @Test func namesAllThatDoesNotFit() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/encoder.safetensors"
        try encoder(seed: 1, channels: 4, layers: 2).save(to: path)
        var module = encoder(seed: 2, layers: 3)
        let before = values(module)
        let error = try #require(caughtError { () throws(InputError) in try module.load(contentsOf: path) })
        #expect(error.kind == .data)
        #expect(error.place == path)
        #expect(error.problem.contains("12 missing: layers.2.self_attn.in_proj_weight [24, 8], "))
        #expect(error.problem.contains("layers.0.self_attn.in_proj_weight is [12, 4] and should be [24, 8]"))
        #expect(values(module) == before, "nothing is replaced")

        var short = encoder(seed: 3, channels: 4, layers: 1)
        let extra = try #require(caughtError { () throws(InputError) in try short.load(contentsOf: path) })
        #expect(extra.problem.contains("12 that the module does not have: layers.1.linear1.bias, "))
        #expect(!extra.problem.contains("missing") && !extra.problem.contains("misshapen"))
    }

    @Test func namesATypeThatIsNoWeight() throws {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        var generator = WeightGenerator(seed: 0)
        var linear = Linear(3, 2, using: &generator)
        let path = folder.appendingPathComponent("linear-float64.safetensors").path
        let error = try #require(caughtError { () throws(InputError) in try linear.load(contentsOf: path) })
        #expect(error.problem.contains("2 neither F32 nor F16 nor BF16: weight is F64, bias is F64"))
    }

    @Test func aFileThatIsNotThereIsMissing() throws {
        var module = encoder(seed: 1)
        let error = caughtError { () throws(InputError) in try module.load(contentsOf: "/nonexistent/x.safetensors") }
        #expect(error?.kind == .missing)
    }

    @Test func loadsTensorsByPath() throws {
        var generator = WeightGenerator(seed: 0)
        var linear = Linear(2, 1, using: &generator)
        try linear.load(["weight": Tensor([1, 2], shape: Shape(1, 2)), "bias": Tensor([3], shape: Shape(1))])
        #expect(values(linear) == ["weight": [1, 2], "bias": [3]])
        let error = try #require(
            caughtError { () throws(InputError) in try linear.load(["weight": Tensor([1, 2], shape: Shape(2, 1))]) })
        #expect(error.problem.contains("1 missing: bias [1]; 1 misshapen: weight is [2, 1] and should be [1, 2]"))
        #expect(values(linear) == ["weight": [1, 2], "bias": [3]])
    }

    @Test func packedWeightsAreNeitherSavedNorReplaced() throws {
        let folder = try TemporaryFolder()
        var generator = WeightGenerator(seed: 0)
        var linear = Linear(2, 1, using: &generator)
        let plain = "\(folder.path)/plain.safetensors"
        try linear.save(to: plain)
        linear.weight = .packed(PackedMatrix.packing(linear.weight, team: .shared))
        let saving = caughtError { () throws(InputError) in try linear.save(to: "\(folder.path)/packed.safetensors") }
        #expect(saving?.problem.contains("weight is packed for inference") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/packed.safetensors"))
        let loading = caughtError { () throws(InputError) in try linear.load(contentsOf: plain) }
        #expect(loading?.problem.contains("weight cannot be replaced") == true)
    }
}
