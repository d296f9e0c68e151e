package import Files

/// Which tokens start and end a text: generation_config.json first, then config.json.
public struct GenerationConfiguration: Sendable, Equatable {
    /// The id that starts a text, if the model has one.
    public let beginOfText: Int?
    /// The ids that end a text; may be empty.
    public let endOfText: Set<Int>
    /// What the user should know: ids that were ignored because the vocabulary does not have them.
    public let warnings: [String]

    /// - Parameters:
    ///   - configuration: the model's config.json.
    ///   - json: the content of generation_config.json, if there is one. A key that it does not give, or gives as null, is
    ///     taken from the configuration.
    ///   - place: the name of generation_config.json, for errors.
    /// - Throws: ``InputError`` that names the key, if a value has the wrong type.
    package init(_ configuration: GPT2Configuration, json: JSON? = nil, place: String) throws(InputError) {
        var begin = configuration.beginOfText
        var end = configuration.endOfText
        if let json {
            let fields = try JSONFields(json, in: place)
            begin = try fields.optionalInteger("bos_token_id") ?? begin
            end = try GPT2Configuration.tokens("eos_token_id", fields) ?? end
        }
        let vocabulary = 0..<configuration.vocabularySize
        var warnings: [String] = []
        func isKnown(_ token: Int, _ role: String) -> Bool {
            guard !vocabulary.contains(token) else { return true }
            warnings.append("the \(role) token \(token) is outside the vocabulary of \(vocabulary.count), so ignored")
            return false
        }
        beginOfText = begin.flatMap { isKnown($0, "begin-of-text") ? $0 : nil }
        endOfText = Set(end.sorted().filter { isKnown($0, "end-of-text") })
        self.warnings = warnings
    }
}
