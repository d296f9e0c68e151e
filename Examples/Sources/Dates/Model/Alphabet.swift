package import Files

/// The characters of one side of a translation, as tokens.
package struct Alphabet {
    /// Fills up a batch's shorter rows.
    package static let padding: Int32 = 0
    /// Stands before the first character.
    package static let start: Int32 = 1
    /// Stands after the last.
    package static let end: Int32 = 2

    private let characters: [Character]
    private let tokens: [Character: Int32]

    init(_ characters: String) {
        self.characters = Array(characters)
        tokens = Dictionary(uniqueKeysWithValues: zip(self.characters, (Self.end + 1)...))
    }

    /// What phrases are written in.
    package static let source = Alphabet(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,.'/-")
    /// What they are translated into.
    package static let target = Alphabet("0123456789-")

    /// How many tokens there are.
    package var count: Int { characters.count + Int(Self.end) + 1 }

    /// - Throws: ``InputError`` that names a character that is not in the alphabet.
    package func encode(_ text: String) throws(InputError) -> [Int32] {
        var encoded: [Int32] = []
        for character in text {
            guard let token = tokens[character] else {
                throw InputError(
                    .usage, "\"\(character)\" is not among the characters that the model knows", in: "\"\(text)\"",
                    advice: "Use \(String(characters))")
            }
            encoded.append(token)
        }
        return encoded
    }

    /// A phrase to translate.
    ///
    /// - Throws: ``InputError`` if it is empty, longer than all that training has, or has a character that is not in the
    ///   alphabet.
    package func encode(phrase: String) throws(InputError) -> [Int32] {
        let longest = TranslationPair.longestSource
        guard (1...longest).contains(phrase.count) else {
            throw InputError(
                .usage, "it has \(phrase.count) characters, and the model reads 1 to \(longest)", in: "\"\(phrase)\"",
                advice: "Give one date or one number")
        }
        return try encode(phrase)
    }

    /// The characters of `tokens`; those that stand for none are left out.
    package func decode(_ tokens: some Sequence<Int32>) -> String {
        String(tokens.filter { $0 > Self.end }.map { characters[Int($0 - Self.end) - 1] })
    }
}
