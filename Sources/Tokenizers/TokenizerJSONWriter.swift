import Files

/// Writes `tokenizer.json` as Hugging Face tokenizers does, line for line.
struct TokenizerJSONWriter {
    private let vocabulary: Vocabulary
    private let alphabet = ByteLevelAlphabet()
    private var text: [UInt8] = []

    static func write(_ vocabulary: Vocabulary) -> [UInt8] {
        var writer = TokenizerJSONWriter(vocabulary)
        writer.write()
        return writer.text
    }

    private init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
    }

    private mutating func write() {
        append(
            """
            {
              "version": "1.0",
              "truncation": null,
              "padding": null,
              "added_tokens": 
            """)
        appendAddedTokens()
        append(
            """
            ,
              "normalizer": null,
              "pre_tokenizer": 
            """)
        append(vocabulary.isCharacterLevel ? "null" : Self.byteLevel(addPrefixSpace: false))
        append(",\n  \"post_processor\": null,\n  \"decoder\": ")
        append(vocabulary.isCharacterLevel ? Self.fuse : Self.byteLevel(addPrefixSpace: true))
        append(
            """
            ,
              "model": {
                "type": "BPE",
                "dropout": null,
                "unk_token": null,
                "continuing_subword_prefix": null,
                "end_of_word_suffix": null,
                "fuse_unk": false,
                "byte_fallback": false,
                "ignore_merges": false,
                "vocab": 
            """)
        appendVocabulary()
        append(",\n    \"merges\": ")
        appendMerges()
        append("\n  }\n}")
    }

    private static func byteLevel(addPrefixSpace: Bool) -> String {
        """
        {
            "type": "ByteLevel",
            "add_prefix_space": \(addPrefixSpace),
            "trim_offsets": true,
            "use_regex": true
          }
        """
    }

    /// Joins the tokens' texts; without a decoder there would be spaces between them.
    private static let fuse = """
        {
            "type": "Fuse"
          }
        """

    private mutating func appendAddedTokens() {
        let tokens = vocabulary.added.list.sorted { $0.token < $1.token }
        appendList("[", tokens.indices, "]", indent: "  ") { writer, index in
            writer.append(
                """
                {
                      "id": \(tokens[index].token),
                      "content": \(String(decoding: tokens[index].content, as: UTF8.self).jsonEscaped),
                      "single_word": false,
                      "lstrip": false,
                      "rstrip": false,
                      "normalized": \(!tokens[index].isSpecial),
                      "special": \(tokens[index].isSpecial)
                    }
                """)
        }
    }

    private mutating func appendVocabulary() {
        let added = Dictionary(uniqueKeysWithValues: vocabulary.added.list.map { ($0.token, $0.content) })
        // Added tokens after all others are no part of the model.
        let end = (0..<vocabulary.tokens.count).last { added[$0] == nil }.map { $0 + 1 } ?? 0
        appendList("{", 0..<end, "}", indent: "    ") { writer, token in
            if let content = added[token] {
                writer.append(String(decoding: content, as: UTF8.self).jsonEscaped)
            } else {
                writer.appendToken(token)
            }
            writer.append(": \(token)")
        }
    }

    private mutating func appendMerges() {
        guard case .bytePairs(_, let merges) = vocabulary.model else { return append("[]") }
        let rules = merges.table.rules
        appendList("[", rules.indices, "]", indent: "    ") { writer, index in
            writer.append("[\n        ")
            writer.appendToken(TokenID(rules[index].left))
            writer.append(",\n        ")
            writer.appendToken(TokenID(rules[index].right))
            writer.append("\n      ]")
        }
    }

    /// An array or an object, with each item on a line of its own.
    private mutating func appendList(
        _ open: String, _ items: Range<Int>, _ close: String, indent: String,
        _ appendItem: (inout TokenizerJSONWriter, Int) -> Void
    ) {
        append(open)
        for item in items {
            append(item == items.lowerBound ? "\n\(indent)  " : ",\n\(indent)  ")
            appendItem(&self, item)
        }
        append(items.isEmpty ? close : "\n\(indent)\(close)")
    }

    /// A token's text, as JSON: the character, or its bytes in the byte-level alphabet.
    private mutating func appendToken(_ token: TokenID) {
        if vocabulary.isCharacterLevel { return appendCharacter(token) }
        text.append(UInt8(ascii: "\""))
        for index in vocabulary.tokens.range(of: token) {
            let byte = vocabulary.tokens.text[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
            text += alphabet.text(of: byte)
        }
        text.append(UInt8(ascii: "\""))
    }

    private mutating func appendCharacter(_ token: TokenID) {
        let character = vocabulary.tokens.withBytes(of: token) { String(decoding: $0, as: UTF8.self) }
        switch character {
        case "\n": append(#""\n""#)
        case "\r": append(#""\r""#)
        case "\t": append(#""\t""#)
        default: append(character.jsonEscaped)
        }
    }

    private mutating func append(_ string: String) { text += string.utf8 }
}
