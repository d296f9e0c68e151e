import Files

/// model.safetensors.index.json: which shard holds which tensor.
struct ShardIndex {
    /// The shards' file names, each once, in the order in which the index first names them.
    let shards: [String]
    private let tensors: [(name: JSONString, shard: String)]
    private let place: String

    private static let advice = "Download the model again, with all its files"

    init(path: String) throws(InputError) {
        place = path
        let map = try JSONFields(JSON.read(path), in: path).fields("weight_map")
        var shards: [String] = []
        var known: Set<JSONString> = []
        var tensors: [(name: JSONString, shard: String)] = []
        for member in map.object.members {
            let shard = try map.string(member.key.description)
            guard Self.isPlainName(shard) else {
                throw InputError(
                    .data, "tensor \(member.key.quoted) is said to lie in \(shard.quoted), which is no plain file name",
                    in: path, advice: "A shard lies beside its index: correct the index or download it again")
            }
            if known.insert(JSONString(shard)).inserted { shards.append(shard) }
            tensors.append((member.key, shard))
        }
        guard !shards.isEmpty else {
            throw InputError(.data, "\"weight_map\" names no tensor", in: path, advice: Self.advice)
        }
        self.shards = shards
        self.tensors = tensors
    }

    /// Nothing that could lead out of the folder or be cut short by the system.
    private static func isPlainName(_ name: String) -> Bool {
        !["", ".", ".."].contains(name) && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }

    /// Opens the shards, which lie beside the index, and checks that each holds what the index promises.
    func open(in folder: String) throws(InputError) -> [SafetensorsFile] {
        let absent = shards.filter { PathKind("\(folder)/\($0)") == .absent }
        guard absent.isEmpty else {
            throw InputError(
                .missing, "\(absent.count) of the \(shards.count) files it names are absent: \(absent.listed)",
                in: place, advice: Self.advice)
        }
        var files: [SafetensorsFile] = []
        var fileOfShard: [JSONString: SafetensorsFile] = [:]
        for shard in shards {
            let file = try SafetensorsFile(path: "\(folder)/\(shard)")
            files.append(file)
            fileOfShard[JSONString(shard)] = file
        }
        let unkept = tensors.filter { fileOfShard[JSONString($0.shard)]?[$0.name] == nil }
        guard unkept.isEmpty else {
            let list = unkept.map { "\($0.name.description) in \($0.shard)" }.listed
            throw InputError(
                .data, "\(unkept.count) tensors are not in the files it names for them: \(list)", in: place,
                advice: Self.advice)
        }
        return files
    }
}
