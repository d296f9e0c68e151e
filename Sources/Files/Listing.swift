extension [String] {
    /// The texts for an error message, at most 40 of them, each made harmless for a terminal.
    package var listed: String {
        let shown = prefix(40).map { text in
            let quoted = text.quoted
            return quoted == "\"\(text)\"" ? text : quoted
        }
        return shown.joined(separator: ", ") + (count > shown.count ? " and \(count - shown.count) more" : "")
    }
}
