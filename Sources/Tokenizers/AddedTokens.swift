/// The tokens that are found as they stand in the text, before it is cut into pieces: special ones such as
/// `<|endoftext|>`, and words that someone added to a trained vocabulary.
struct AddedTokens: Sendable {
    struct Match {
        let range: Range<Int>
        let token: TokenID
    }

    /// A tree of bytes; node 0 is the root.
    private struct Trie: Sendable {
        /// Keyed by node and byte.
        private var children: [UInt64: Int] = [:]
        private var tokens: [TokenID?] = [nil]
        private(set) var startsToken = [Bool](repeating: false, count: 256)
        /// Bytes of the longest token.
        private(set) var longest = 0

        var isEmpty: Bool { tokens.count == 1 }

        mutating func insert(_ content: ArraySlice<UInt8>, _ token: TokenID) {
            var node = 0
            for byte in content {
                let edge = Self.edge(node, byte)
                if let child = children[edge] {
                    node = child
                } else {
                    children[edge] = tokens.count
                    node = tokens.count
                    tokens.append(nil)
                }
            }
            tokens[node] = token
            longest = max(longest, content.count)
            if let first = content.first { startsToken[Int(first)] = true }
        }

        func longestMatch(in text: UnsafeBufferPointer<UInt8>, at start: Int) -> Match? {
            var match: Match?
            var node = 0
            for position in start..<text.count {
                guard let child = children[Self.edge(node, text[position])] else { break }
                node = child
                if let token = tokens[node] { match = Match(range: start..<position + 1, token: token) }
            }
            return match
        }

        private static func edge(_ node: Int, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }
    }

    struct Entry: Sendable {
        let content: [UInt8]
        let token: TokenID
        let isSpecial: Bool
    }

    /// In the order in which they were inserted.
    private(set) var list: [Entry] = []
    private var ordinary = Trie()
    private var all = Trie()
    private(set) var special: Set<TokenID> = []

    mutating func insert(_ content: ArraySlice<UInt8>, _ token: TokenID, isSpecial: Bool) {
        list.append(Entry(content: Array(content), token: token, isSpecial: isSpecial))
        all.insert(content, token)
        if isSpecial { special.insert(token) } else { ordinary.insert(content, token) }
    }

    /// The leftmost token from an offset on, the longest if several start there.
    func firstMatch(in text: UnsafeBufferPointer<UInt8>, from start: Int, allowSpecial: Bool) -> Match? {
        let trie = allowSpecial ? all : ordinary
        guard !trie.isEmpty else { return nil }
        for position in start..<text.count where trie.startsToken[Int(text[position])] {
            if let match = trie.longestMatch(in: text, at: position) { return match }
        }
        return nil
    }

    /// Whether a token that is not special starts before `position` and ends after it.
    func canLie(across position: Int, in text: UnsafeBufferPointer<UInt8>) -> Bool {
        if ordinary.isEmpty { return false }
        for start in max(position - ordinary.longest + 1, 0)..<position where ordinary.startsToken[Int(text[start])] {
            if let match = ordinary.longestMatch(in: text, at: start), match.range.upperBound > position { return true }
        }
        return false
    }
}
