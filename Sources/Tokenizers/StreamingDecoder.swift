internal import Files

/// Turns tokens into text as they come, without ever breaking a character.
///
/// A token may end inside a character; its bytes are held back until the character is complete. Joined together, the
/// pieces are exactly `String(decoding:as:)` of all the bytes: what is not valid UTF-8 becomes U+FFFD.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private var pending: [UInt8] = []

    public init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
    }

    /// Adds a token.
    ///
    /// - Returns: the text that is complete now, often empty. A token outside the vocabulary, which a model with a padded
    ///   vocabulary can produce, reads U+FFFD.
    public mutating func append(_ token: TokenID) -> String {
        guard tokenizer.appendBytes(of: token, to: &pending) else { return finish() + "\u{FFFD}" }
        let complete = pending.count - UTF8Sequence.incompleteSuffix(of: pending)
        let text = String(decoding: pending[..<complete], as: UTF8.self)
        pending.removeFirst(complete)
        return text
    }

    /// Ends the text.
    ///
    /// - Returns: U+FFFD if the tokens ended inside a character, else nothing.
    public mutating func finish() -> String {
        defer { pending.removeAll(keepingCapacity: true) }
        return String(decoding: pending, as: UTF8.self)
    }
}
