internal import Files
internal import Tensors
internal import Tokenizers

/// What a generation takes from a prompt cache's file, and what it leaves in it.
struct PromptReuse {
    private let path: String
    private let file: PromptCacheFile?
    /// How many tokens the file's prompt and this one begin with alike.
    private let common: Int
    private var isChecked = false

    /// Fills a prompt's cache with what the file has of it.
    ///
    /// The last of the common tokens is left out. It is computed again, along with those that follow: of a prompt that the
    /// file has as a whole, logits are wanted; and ``check(_:)`` sees that it comes out as it did.
    ///
    /// - Throws: ``InputError`` if there is a file that is not a prompt cache of this model, or no folder for a new one.
    init(path: String, _ prompt: [TokenID], _ cache: KVCache, _ model: GPT2Model) throws(InputError) {
        self.path = path
        guard try PromptCacheFile.isThere(path) else {
            // Now, not after a long prompt was computed.
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
            guard !path.isEmpty, PathKind(folder) == .folder else {
                throw InputError(
                    .missing, "there is no folder for this file", in: path.isEmpty ? path.quoted : path,
                    advice: "Name a file in a folder that exists")
            }
            (file, common) = (nil, 0)
            return
        }
        let file = try PromptCacheFile(path: path, for: model)
        common = zip(file.tokens, prompt).prefix { $0 == $1 }.count
        self.file = file
        try file.copy(first: max(common - 1, 0), to: cache)
    }

    /// Compares what was computed again with what the file has, once: that shows an arithmetic other than the one with which
    /// the file was made, as another version of this program may have, which no fingerprint of weights can.
    mutating func check(_ cache: KVCache) throws(InputError) {
        guard let file, common > 0, !isChecked else { return }
        isChecked = true
        guard file.isSame(as: cache, at: common - 1) else {
            throw InputError(
                .data, "this prompt cache was computed otherwise: position \(common - 1) comes out with other bits now",
                in: path, advice: "Another version of gpt2 may have made it: delete it")
        }
    }

    /// Replaces the file by this prompt's, unless it holds all of it already.
    func save(_ prompt: [TokenID], _ cache: KVCache, _ model: GPT2Model) throws(InputError) {
        if common < prompt.count { try PromptCacheFile.write(prompt, cache, of: model, to: path) }
    }
}
