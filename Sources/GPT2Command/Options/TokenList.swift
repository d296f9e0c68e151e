import ArgumentParser
import Tokenizers

/// Token ids as they stand on a command line: 1,2,3.
struct TokenList {
    let tokens: [TokenID]

    /// - Throws: `ValidationError` that names the first part that is not a whole number.
    init(_ text: String) throws {
        // White space separates too, so that a list may come from a file.
        let parts = text.split { $0 == "," || $0.isWhitespace }
        tokens = try parts.map { part in
            guard let token = TokenID(part) else {
                throw ValidationError("\(String(part.prefix(80)).harmless) is not a token id; write them as 1,2,3.")
            }
            return token
        }
    }
}

extension [TokenID] {
    /// As ``TokenList`` reads it.
    var list: String { map(String.init).joined(separator: ",") }
}
