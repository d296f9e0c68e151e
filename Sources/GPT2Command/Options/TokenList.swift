import Files
import Tokenizers

/// Token ids as they stand on a command line: 1,2,3.
struct TokenList {
    let tokens: [TokenID]

    /// - Throws: ``InputError`` of kind `usage` that names the first part that is not a whole number.
    init(_ text: String) throws(InputError) {
        // White space separates too, so that a list may come from a file.
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let parts = words.isEmpty ? [] : words.split(separator: ",", omittingEmptySubsequences: false)
        var tokens: [TokenID] = []
        for part in parts {
            let numbers = part.split(separator: " ")
            let ids = numbers.compactMap { TokenID($0) }
            guard !ids.isEmpty, ids.count == numbers.count else {
                throw InputError(.usage, "\(String(part).quoted) is not a token id", advice: "Write them as 1,2,3")
            }
            tokens += ids
        }
        self.tokens = tokens
    }
}

extension [TokenID] {
    /// As ``TokenList`` reads it.
    var list: String { map(String.init).joined(separator: ",") }
}
