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
        tokens = try parts.flatMap { part throws(InputError) in
            let numbers = part.split(separator: " ").map { TokenID($0) }
            guard !numbers.isEmpty, !numbers.contains(nil) else {
                throw InputError(.usage, "\(String(part).quoted) is not a token id", advice: "Write them as 1,2,3")
            }
            return numbers.compactMap(\.self)
        }
    }
}

extension [TokenID] {
    /// As ``TokenList`` reads it.
    var list: String { map(String.init).joined(separator: ",") }
}
