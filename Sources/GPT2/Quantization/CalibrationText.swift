public import Files
package import Tokenizers

/// A text of the kind that a model is to read, which quantised weights are fitted to.
///
/// A line that is exactly `<|endoftext|>` separates documents, and each starts from the end-of-text token. They are cut to
/// windows of at most 512 tokens, or the model's context where that is shorter.
public struct CalibrationText: Sendable {
    /// The file.
    public let path: String
    /// How many tokens of its beginning are read.
    public let tokenLimit: Int

    /// How many tokens are read unless another number is asked for.
    public static let defaultTokenLimit = 16_384
    /// Fewer tokens say too little about what goes into a map.
    public static let fewestTokens = 64

    /// - Throws: ``InputError`` of kind `usage` for a limit below ``fewestTokens``.
    public init(path: String, tokenLimit: Int = defaultTokenLimit) throws(InputError) {
        try Self.check(tokenLimit)
        self.path = path
        self.tokenLimit = tokenLimit
    }

    static func check(_ tokens: Int) throws(InputError) {
        guard tokens >= fewestTokens else {
            throw InputError(
                .usage, "calibration takes \(tokens) tokens, but must take at least \(fewestTokens)",
                advice: "Leave the number out for \(defaultTokenLimit)")
        }
    }

    static func windowLength(_ configuration: GPT2Configuration) -> Int { min(512, configuration.contextLength) }

    /// The windows in the order of the text, each of at least one token.
    ///
    /// - Parameters:
    ///   - start: what each document starts from; nil where the whole text is one document.
    ///   - room: how many tokens there is memory for.
    /// - Throws: ``InputError`` of kind `missing` if the file cannot be read, `data` if it is too short or has a token that
    ///   the model does not know, `usage` if it has more tokens, up to the limit, than there is room for.
    package func windows(
        _ tokenizer: Tokenizer, _ configuration: GPT2Configuration, start: TokenID?, room: Int
    ) throws(InputError) -> [[TokenID]] {
        let file = try MappedFile(path: path)
        let length = Self.windowLength(configuration)
        var documents = DocumentReader(file, splitting: start != nil, for: tokenizer)
        var windows: [[TokenID]] = []
        var found = 0
        var isNewDocument = true
        while found < tokenLimit, let part = documents.next() {
            let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[part.range])
            let encoded = try configuration.checked(
                tokenizer.encodeExactly(bytes, in: path, at: part.range.lowerBound), in: path)
            file.release(part.range)
            let tokens = ((isNewDocument && !encoded.isEmpty ? start.map { [$0] } : nil) ?? []) + encoded
            let kept = tokens.prefix(tokenLimit - found)
            for first in stride(from: 0, to: kept.count, by: length) {
                windows.append(Array(kept[first..<min(first + length, kept.count)]))
            }
            found += kept.count
            guard found <= room else { throw Self.noMemory(room, path) }
            isNewDocument = part.endsDocument
        }
        guard found >= Self.fewestTokens else {
            throw InputError(
                .data, "the text has \(found) tokens, and calibration needs at least \(Self.fewestTokens)", in: path,
                advice: "Give a longer text")
        }
        return windows
    }

    /// - Parameter path: the text, or what else wants more tokens than there is memory for.
    static func noMemory(_ room: Int, _ path: String) -> InputError {
        if room < fewestTokens {
            return InputError(
                .usage, "there is no memory for the new weights and a block of the model at work", in: path,
                advice: "Free memory, or quantise without calibration")
        }
        return InputError(
            .usage, "calibration takes more tokens than the \(room) that there is memory for", in: path,
            advice: "Calibrate on \(room) tokens at most, or free memory")
    }
}
