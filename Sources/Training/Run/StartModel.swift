internal import Checkpoints
internal import Files
internal import GPT2
internal import Layers
internal import Tensors
internal import Tokenizers

/// A model's folder to start training from.
struct StartModel {
    let path: String
    let configuration: GPT2Configuration
    let tokenizer: Tokenizer?
    /// The files of its tokenizer as they are, which checkpoints carry on.
    let tokenizerFiles: TrainingCheckpoint.Companions
    /// What the user should know about its files.
    let warnings: [String]

    init(_ path: String) throws(InputError) {
        self.path = path
        let directory = try ModelDirectory(path)
        configuration = try GPT2Configuration(json: directory.configuration(), place: directory.file("config.json"))
        warnings = try GPT2Checkpoint(directory.weights(), configuration).warnings
        tokenizer = directory.hasTokenizer ? try Tokenizer(directory: path) : nil
        tokenizerFiles = try directory.companions()
    }
}

extension Tokenizer {
    /// Whether each token stands for the same bytes in both.
    func hasSameTokens(as other: Tokenizer) -> Bool {
        vocabularySize == other.vocabularySize
            && (0..<vocabularySize).allSatisfy { bytes(of: $0) == other.bytes(of: $0) }
    }
}

extension GPT2 {
    /// Depends on every weight and its place: 16 hexadecimal digits, FNV-1a over the 32-bit words.
    var fingerprint: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for (_, tensor) in parameters {
            tensor.withUnsafeValues { values in
                for value in values { hash = (hash ^ UInt64(value.bitPattern)) &* 0x100_0000_01B3 }
            }
        }
        return hash.sixteenDigits
    }
}
