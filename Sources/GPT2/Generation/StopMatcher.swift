/// Ends a text at the first of some stop texts, which may come in pieces.
///
/// Texts are compared byte by byte. What could still become a stop text is held back, so that no part of one is ever
/// shown. Each byte costs a few comparisons a stop text. Source: Knuth, Morris and Pratt, "Fast pattern matching in
/// strings" (1977).
struct StopMatcher: Sendable {
    private struct Pattern {
        let bytes: [UInt8]
        /// For each count of matched bytes, how many are still matched if the next byte differs.
        let fallbacks: [Int]
        var matched = 0

        init(_ text: String) {
            bytes = Array(text.utf8)
            var fallbacks = [0, 0]
            var matched = 0
            for byte in bytes.dropFirst() {
                while matched > 0, bytes[matched] != byte { matched = fallbacks[matched] }
                if bytes[matched] == byte { matched += 1 }
                fallbacks.append(matched)
            }
            self.fallbacks = fallbacks
        }

        /// - Returns: whether the text ends here with the whole pattern.
        mutating func append(_ byte: UInt8) -> Bool {
            while matched > 0, bytes[matched] != byte { matched = fallbacks[matched] }
            if bytes[matched] == byte { matched += 1 }
            return matched == bytes.count
        }
    }

    private var patterns: [Pattern]
    /// The bytes at the text's end that could begin a stop text.
    private var held: [UInt8] = []
    /// Whether a stop text has come; then nothing more may be appended.
    private(set) var isStopped = false

    /// - Parameter stops: not empty texts.
    init(_ stops: [String]) {
        patterns = stops.map(Pattern.init)
    }

    /// Adds a piece of text.
    ///
    /// - Returns: what can be shown now.
    mutating func append(_ text: String) -> String {
        if patterns.isEmpty { return text }
        for byte in text.utf8 {
            held.append(byte)
            var stop = 0
            for i in patterns.indices where patterns[i].append(byte) {
                stop = max(stop, patterns[i].bytes.count)
            }
            if stop > 0 {
                isStopped = true
                return release(held.count - stop)
            }
        }
        return release(held.count - (patterns.map(\.matched).max() ?? 0))
    }

    /// Ends the text.
    ///
    /// - Returns: what was held back, which is no stop text after all.
    mutating func finish() -> String {
        release(held.count)
    }

    private mutating func release(_ count: Int) -> String {
        defer { held.removeFirst(count) }
        return String(decoding: held[..<count], as: UTF8.self)
    }
}
