import Files

/// Reads Hugging Face's `tokenizer.json`, as far as it describes GPT-2's tokenizer or one of single characters; everything
/// else is refused by name.
///
/// `truncation` and `padding` are left to the caller.
struct TokenizerJSON {
    private let file: JSONFields
    private let place: String

    static func read(_ bytes: UnsafeRawBufferPointer, in place: String) throws(InputError) -> Vocabulary {
        let json = try JSON.parse(bytes, in: place)
        return try TokenizerJSON(file: JSONFields(json, in: place), place: place).vocabulary()
    }

    private func vocabulary() throws(InputError) -> Vocabulary {
        if let normalizer = try file.optionalFields("normalizer") {
            throw unsupported("normalizer", try normalizer.optionalString("type"), "none")
        }
        let isCharacterLevel = try isCharacterLevel()
        if !isCharacterLevel {
            try checkPretokenizer()
            if let decoder = try file.optionalFields("decoder"), try decoder.string("type") != "ByteLevel" {
                throw unsupported("decoder", try decoder.string("type"), "ByteLevel")
            }
        }
        if let processor = try file.optionalFields("post_processor") { try checkPostProcessor(processor) }

        let model = try file.fields("model")
        try checkModel(model)
        var source = VocabularySource(stringsOf: file.object)
        try source.appendEntries(model.fields("vocab").object, in: place)
        try appendAddedTokens(to: &source)
        if isCharacterLevel {
            try checkHasNoMerges(model)
            return try CharacterVocabularyBuilder(source, place: place).build()
        }
        try appendMerges(of: model, to: &source)
        var builder = VocabularyBuilder(source, place: place, mergesPlace: place) { "merge \($0 + 1)" }
        return try builder.build()
    }

    // MARK: Tokenizers of characters

    /// Nothing cuts the text or changes its letters: byte pairs without merges, each character a token of its own.
    private func isCharacterLevel() throws(InputError) -> Bool {
        guard try file.optionalFields("pre_tokenizer") == nil, let decoder = try file.optionalFields("decoder") else {
            return false
        }
        return try decoder.string("type") == "Fuse"
    }

    private func checkHasNoMerges(_ model: JSONFields) throws(InputError) {
        guard try model.array("merges").isEmpty else {
            throw model.invalid(
                "merges", "must be empty in a tokenizer without a pre_tokenizer, whose tokens are single characters",
                advice: Self.advice)
        }
        if let unknown = try model.optionalString("unk_token") {
            throw model.invalid("unk_token", "is \(unknown.quoted), which is not supported", advice: Self.advice)
        }
    }

    // MARK: What GPT-2 does not have

    private func checkPretokenizer() throws(InputError) {
        guard let pretokenizer = try file.optionalFields("pre_tokenizer") else {
            throw unsupported("pre_tokenizer", nil, "ByteLevel")
        }
        let type = try pretokenizer.string("type")
        guard type == "ByteLevel" else { throw unsupported("pre_tokenizer", type, "ByteLevel") }
        if try pretokenizer.optionalBool("add_prefix_space") == true {
            throw pretokenizer.invalid("add_prefix_space", "is true, which is not supported", advice: Self.advice)
        }
        if try pretokenizer.optionalBool("use_regex") == false {
            throw pretokenizer.invalid("use_regex", "is false, which is not supported", advice: Self.advice)
        }
    }

    /// Offsets are no concern here, and a template may add no tokens.
    private func checkPostProcessor(_ processor: JSONFields) throws(InputError) {
        let type = try processor.string("type")
        switch type {
        case "ByteLevel":
            return
        case "TemplateProcessing":
            for item in try processor.array("single") {
                let item = try JSONFields(item, in: place)
                guard try item.optionalFields("SpecialToken") == nil else {
                    throw processor.invalid(
                        "single", "adds a special token, which is not supported", advice: Self.advice)
                }
            }
        default:
            throw unsupported("post_processor", type, "ByteLevel, or TemplateProcessing without special tokens")
        }
    }

    private func checkModel(_ model: JSONFields) throws(InputError) {
        // Files from before 2020 do not name the type.
        if let type = try model.optionalString("type"), type != "BPE" { throw unsupported("model", type, "BPE") }
        if let dropout = try model.optionalNumber("dropout"), dropout != 0 {
            throw model.invalid("dropout", "is \(dropout), which is not supported", advice: Self.advice)
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = try model.optionalString(key), !affix.isEmpty {
                throw model.invalid(key, "is \(affix.quoted), which is not supported", advice: Self.advice)
            }
        }
        for key in ["byte_fallback", "ignore_merges"] where try model.optionalBool(key) == true {
            throw model.invalid(key, "is true, which is not supported", advice: Self.advice)
        }
    }

    private func unsupported(_ part: String, _ type: String?, _ expected: String) -> InputError {
        InputError(
            .data, "the \(part) is \(type?.quoted ?? "not given"), which is not supported; it must be \(expected)",
            in: place,
            advice: Self.advice)
    }

    private static let advice = "Use a tokenizer of GPT-2's kind: byte-level BPE"

    // MARK: What it has

    private func appendAddedTokens(to source: inout VocabularySource) throws(InputError) {
        guard let tokens = try file.optionalArray("added_tokens") else { return }
        for (index, value) in tokens.enumerated() {
            let token = try JSONFields(value, in: "\(place), added token \(index + 1)")
            for key in ["single_word", "lstrip", "rstrip"] where try token.optionalBool(key) == true {
                throw token.invalid(key, "is true, which is not supported", advice: Self.advice)
            }
            let text = source.append(try token.string("content").utf8)
            let isSpecial = try token.optionalBool("special") ?? false
            source.added.append(.init(text: text, id: try token.integer("id"), isSpecial: isSpecial))
        }
    }

    /// A merge is written as "a b" or, since 2024, as ["a", "b"].
    private func appendMerges(of model: JSONFields, to source: inout VocabularySource) throws(InputError) {
        let values = try model.array("merges")
        source.merges.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            switch value {
            case .string(let text):
                if source.appendMerge(text.range) { continue }
            case .array(let parts) where parts.count == 2:
                var parts = parts.makeIterator()
                if case .string(let left) = parts.next(), case .string(let right) = parts.next() {
                    source.merges.append(.init(left: left.range, right: right.range))
                    continue
                }
            default: break
            }
            throw InputError(
                .data,
                "merge \(index + 1) must be two tokens, \"a b\" or [\"a\", \"b\"], but is \(value.summary)",
                in: place, advice: VocabularyBuilder.advice)
        }
    }
}

extension VocabularySource {
    /// Appends a vocabulary as `vocab.json` and the model of `tokenizer.json` write it: from text to id. It must lie in the JSON
    /// text that this starts with.
    mutating func appendEntries(_ object: JSONObject, in place: String) throws(InputError) {
        entries.reserveCapacity(object.count)
        for member in object.members {
            guard case .integer(let id) = member.value else {
                throw InputError(
                    .data,
                    "the id of the token \(member.key.quoted) must be an integer, but is \(member.value.summary)",
                    in: place, advice: VocabularyBuilder.advice)
            }
            entries.append(Entry(text: member.key.range, id: id))
        }
    }
}
