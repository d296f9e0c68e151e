public import Files

/// A folder as Hugging Face lays a model out: config.json, the weights as safetensors, and perhaps generation_config.json
/// and a tokenizer.
public struct ModelDirectory: Sendable {
    public let path: String

    private static let weightsName = "model.safetensors"
    private static let indexName = "model.safetensors.index.json"

    /// - Throws: ``InputError`` of kind `missing` if the folder or its config.json is not there, `data` if the path is not
    ///   a folder.
    public init(_ path: String) throws(InputError) {
        let advice = "Name a folder that holds config.json and \(Self.weightsName)"
        switch PathKind(path) {
        case .folder: break
        case .absent: throw InputError(.missing, "there is no such model folder", in: path, advice: advice)
        case .file, .other:
            throw InputError(.data, "this is not a folder; a model folder was expected", in: path, advice: advice)
        }
        self.path = path
        guard PathKind(file("config.json")) != .absent else {
            throw InputError(.missing, "the folder has no config.json", in: path, advice: advice)
        }
    }

    /// The path of a file in the folder.
    public func file(_ name: String) -> String {
        path.hasSuffix("/") ? path + name : "\(path)/\(name)"
    }

    /// Whether the folder has a tokenizer: tokenizer.json, or vocab.json with merges.txt.
    public var hasTokenizer: Bool {
        func has(_ name: String) -> Bool { PathKind(file(name)) == .file }
        return has("tokenizer.json") || has("vocab.json") && has("merges.txt")
    }

    /// The files beside the weights that go with the model wherever it goes: its tokenizer, and how it generates.
    ///
    /// - Throws: ``InputError`` of kind `missing` if one cannot be read.
    package func companions() throws(InputError) -> [(name: String, bytes: [UInt8])] {
        let names = ["tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "generation_config.json"]
        return try names.filter { PathKind(file($0)) == .file }.map { name throws(InputError) in
            (name, try MappedFile(path: file(name)).contents)
        }
    }

    /// The content of config.json.
    package func configuration() throws(InputError) -> JSON {
        try JSON.read(file("config.json"))
    }

    /// The content of generation_config.json, if there is one.
    package func generationConfiguration() throws(InputError) -> JSON? {
        let path = file("generation_config.json")
        return PathKind(path) == .absent ? nil : try JSON.read(path)
    }

    /// Opens the weights: model.safetensors, or else the shards that model.safetensors.index.json names.
    ///
    /// - Throws: ``InputError`` of kind `missing` if a file is not there, `data` if one is damaged.
    public func weights() throws(InputError) -> Weights {
        let single = file(Self.weightsName)
        if PathKind(single) != .absent {
            return try Weights([SafetensorsFile(path: single)], place: single)
        }
        let index = file(Self.indexName)
        guard PathKind(index) != .absent else {
            let hasPickle = PathKind(file("pytorch_model.bin")) != .absent
            throw InputError(
                .missing, "the folder has neither \(Self.weightsName) nor \(Self.indexName)", in: path,
                advice: hasPickle
                    ? "pytorch_model.bin is not read: save the model as safetensors (save_pretrained does)"
                    : "Download the model's weights into the folder")
        }
        return try Weights(ShardIndex(path: index).open(in: path), place: path)
    }
}
