package import Files

/// Pairs of one training step as tokens, filled up to the length of the longest.
package struct TranslationBatch {
    /// The phrases, B rows of S.
    package private(set) var source: [[Int32]]
    /// What the decoder is shown: the start token and the translation, B rows of T.
    package private(set) var target: [[Int32]]
    /// What it is to say at each of those places: the translation and the end token. -1, no loss, where nothing is left.
    package private(set) var expected: [Int32]

    package init(_ pairs: some Collection<TranslationPair>) throws(InputError) {
        source = []
        target = []
        expected = []
        let sourceLength = pairs.map(\.source.count).max() ?? 0
        let targetLength = 1 + (pairs.map(\.target.count).max() ?? 0)
        for pair in pairs {
            source.append(try Alphabet.source.encode(pair.source).padded(to: sourceLength))
            let translation = try Alphabet.target.encode(pair.target)
            target.append(([Alphabet.start] + translation).padded(to: targetLength))
            expected += (translation + [Alphabet.end]).padded(to: targetLength, with: -1)
        }
    }
}

extension [Int32] {
    func padded(to length: Int, with token: Int32 = Alphabet.padding) -> [Int32] {
        self + [Int32](repeating: token, count: length - count)
    }
}
