internal import Files
internal import Tokenizers

/// Tokens as they come, kept in memory or, when there are many, in shards on disk.
struct TokenStore {
    private let format: TokenFormat
    private let vocabularySize: Int
    private let folder: String
    private let memoryLimit: Int
    private var words: TokenWords
    private var shards: [TokenShard] = []

    /// - Parameters:
    ///   - folder: where shards go; made when the first one is written.
    ///   - memoryLimit: the most bytes that are kept in memory, but for the last tokens that came.
    init(_ vocabularySize: Int, folder: String, memoryLimit: Int) {
        format = TokenFormat.fitting(vocabularySize: vocabularySize)
        self.vocabularySize = vocabularySize
        self.folder = folder
        self.memoryLimit = memoryLimit
        words = TokenWords(format)
    }

    mutating func append(_ tokens: [TokenID]) throws(InputError) {
        words.append(tokens)
        if words.bytes.count > memoryLimit { try spill() }
    }

    /// All tokens.
    mutating func finish() throws(InputError) -> TokenSequence {
        if shards.isEmpty {
            return TokenSequence(words.count == 0 ? [] : [TokenShard(words, place: "the text's tokens")])
        }
        if words.count > 0 { try spill() }
        return TokenSequence(shards)
    }

    private mutating func spill() throws(InputError) {
        try Folder.create(folder)
        let path = "\(folder)/part-\(shards.count).bin"
        let tokens = TokenSequence([TokenShard(words, place: path)])
        try format.write(tokens, vocabularySize: vocabularySize, to: path)
        shards.append(try TokenShard(path: path, format: format))
        words.removeAll()
    }
}
