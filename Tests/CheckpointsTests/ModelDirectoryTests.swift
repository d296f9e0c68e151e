import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

@Suite struct ModelDirectoryTests {
    @Test func readsConfigurations() throws {
        let directory = try Fixture.directory("plain")
        #expect(try JSONFields(directory.configuration(), in: "c").integer("n_embd") == 8)
        let generation = try #require(try directory.generationConfiguration())
        #expect(try JSONFields(generation, in: "g").integer("eos_token_id") == 23)
        #expect(try Fixture.directory("prefixless").generationConfiguration() == nil)
    }

    @Test func findsTokenizers() throws {
        let folder = try TemporaryFolder()
        try folder.write("config.json", "{}".utf8)
        let directory = try ModelDirectory(folder.path + "/")
        #expect(!directory.hasTokenizer)
        try folder.write("vocab.json", [])
        #expect(!directory.hasTokenizer)
        try folder.write("merges.txt", [])
        #expect(directory.hasTokenizer)
        try FileManager.default.removeItem(atPath: directory.file("merges.txt"))
        try folder.write("tokenizer.json", [])
        #expect(directory.hasTokenizer)
    }

    @Test func refusesWhatIsNotThere() throws {
        let folder = try TemporaryFolder()
        let error = caughtError { () throws(InputError) in try ModelDirectory("\(folder.path)/none") }
        #expect(error?.kind == .missing)
        #expect(error?.description.contains("none: there is no such model folder. Name a folder that holds") == true)
    }

    @Test func refusesAFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("model.safetensors", [])
        let error = caughtError { () throws(InputError) in try ModelDirectory(path) }
        #expect(error?.kind == .data)
        #expect(error?.description.contains("this is not a folder; a model folder was expected") == true)
    }

    @Test func refusesAFolderWithoutConfiguration() throws {
        let folder = try TemporaryFolder()
        let error = caughtError { () throws(InputError) in try ModelDirectory(folder.path) }
        #expect(error?.kind == .missing)
        #expect(error?.problem == "the folder has no config.json")
    }

    @Test func refusesFoldersWhereFilesBelong() throws {
        let folder = try TemporaryFolder()
        for name in ["config.json", "model.safetensors", "generation_config.json"] {
            try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
        }
        let directory = try ModelDirectory(folder.path)
        let errors = [
            caughtError { () throws(InputError) in try directory.configuration() },
            caughtError { () throws(InputError) in try directory.generationConfiguration() },
            caughtError { () throws(InputError) in try directory.weights() },
        ]
        for (error, name) in zip(errors, ["config.json", "generation_config.json", "model.safetensors"]) {
            #expect(error?.description.contains("\(name): this is a folder; a file was expected") == true)
            #expect(error?.kind == .data)
        }
    }

    @Test func refusesAFolderWithoutWeights() throws {
        let folder = try TemporaryFolder()
        try folder.write("config.json", "{}".utf8)
        let directory = try ModelDirectory(folder.path)
        let error = caughtError { () throws(InputError) in try directory.weights() }
        #expect(error?.kind == .missing)
        #expect(error?.problem == "the folder has neither model.safetensors nor model.safetensors.index.json")
        #expect(error?.advice == "Download the model's weights into the folder")
        try folder.write("pytorch_model.bin", [])
        let pickle = caughtError { () throws(InputError) in try directory.weights() }
        #expect(pickle?.advice.contains("save the model as safetensors") == true)
    }

    // MARK: Shards

    private static let first = "model-00001-of-00003.safetensors"

    private func sharded() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.copyFiles(of: Fixture.url("sharded"))
        return folder
    }

    private func refusal(_ folder: TemporaryFolder) throws -> InputError {
        let directory = try ModelDirectory(folder.path)
        return try #require(caughtError { () throws(InputError) in try directory.weights() })
    }

    @Test func namesAbsentShards() throws {
        let folder = try sharded()
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(Self.first)")
        let error = try refusal(folder)
        #expect(error.kind == .missing)
        #expect(error.place?.hasSuffix("model.safetensors.index.json") == true)
        #expect(error.problem == "1 of the 3 files it names are absent: \(Self.first)")
    }

    @Test func namesDamagedShards() throws {
        let folder = try sharded()
        try folder.write(Self.first, [1, 2, 3])
        let error = try refusal(folder)
        #expect(error.kind == .data)
        #expect(error.place?.hasSuffix(Self.first) == true)
    }

    @Test func namesTensorsThatAShardDoesNotHold() throws {
        let folder = try sharded()
        try folder.write(Self.first, safetensors("{}"))
        let error = try refusal(folder)
        #expect(error.kind == .data)
        #expect(error.problem.contains("transformer.wte.weight in \(Self.first)"), "\(error)")
        #expect(error.problem.contains("tensors are not in the files it names for them"))
    }

    @Test func namesTensorsThatAreThereTwice() throws {
        let folder = try TemporaryFolder()
        try folder.write("config.json", "{}".utf8)
        try folder.write("a", safetensors("{\(member("x")),\(member("y", "F32", [1], [4, 8]))}", data: 8))
        try folder.write("b", safetensors("{\(member("transformer.x"))}", data: 4))
        try folder.write("model.safetensors.index.json", #"{"weight_map":{"y":"a","transformer.x":"b"}}"#.utf8)
        let error = try refusal(folder)
        #expect(error.place?.hasSuffix("/b") == true)
        #expect(error.problem.hasPrefix("tensor \"transformer.x\" is there twice: the other is \"x\" in "))
    }

    @Test(arguments: [
        ("{", "ends where a key in quotation marks was expected"), ("[]", "must hold a JSON object"),
        ("{}", "\"weight_map\" must be an object, but is absent"),
        (#"{"weight_map":{}}"#, "\"weight_map\" names no tensor"),
        (#"{"weight_map":{"a":1}}"#, "\"weight_map.a\" must be a text"),
        (#"{"weight_map":{"a":"../a"}}"#, "tensor \"a\" is said to lie in \"../a\", which is no plain file name"),
        (#"{"weight_map":{"a":"/etc/passwd"}}"#, "\"/etc/passwd\", which is no plain file name"),
        (#"{"weight_map":{"a":".."}}"#, "which is no plain file name"),
        (#"{"weight_map":{"a":"."}}"#, "which is no plain file name"),
        (#"{"weight_map":{"a":""}}"#, "which is no plain file name"),
        (#"{"weight_map":{"a":"m\u0000x"}}"#, "\"m\\u0000x\", which is no plain file name"),
        (#"{"weight_map":{"a":"x","a":"y"}}"#, "the key \"a\" occurs twice"),
        (#"{"weight_map":{"a":"config.json"}}"#, "config.json: "),
    ])
    func refusesIndexes(text: String, reason: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("config.json", "{}".utf8)
        try folder.write("model.safetensors.index.json", text.utf8)
        let error = try refusal(folder)
        #expect(error.kind == .data)
        #expect(error.description.contains(reason), "\(error)")
    }
}
