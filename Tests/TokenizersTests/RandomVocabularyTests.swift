import Fuzzing
import Testing
import Tokenizers

/// Merges that no training would come up with: tokens made in several ways, or never of their own bytes.
@Suite struct RandomVocabularyTests {
    private struct RandomVocabulary {
        var tokens = (0...255).map { [UInt8($0)] }
        var merges: [(left: Int, right: Int, result: Int)] = []

        init(_ generator: inout FuzzGenerator) {
            var parts = Array(0x61...0x60 + generator.pick([1, 2, 3]))
            var used: Set<Int> = []
            for _ in 0..<generator.pick([5, 20, 60]) {
                let (left, right) = (generator.pick(parts), generator.pick(parts))
                let bytes = tokens[left] + tokens[right]
                guard bytes.count <= 15, !merges.contains(where: { $0.left == left && $0.right == right }) else {
                    continue
                }
                let known = tokens.firstIndex(of: bytes)
                // A part must not be made again after it was used.
                if let known, used.contains(known) { continue }
                let result = known ?? tokens.count
                if known == nil {
                    tokens.append(bytes)
                    parts.append(result)
                }
                used.formUnion([left, right])
                merges.append((left, right, result))
            }
        }

        /// The earliest merge at its leftmost place, until there is none.
        func encode(_ text: [UInt8]) -> [Int] {
            var result = text.map(Int.init)
            while result.count > 1 {
                let places = (0..<result.count - 1).compactMap { place in
                    merges.firstIndex { $0.left == result[place] && $0.right == result[place + 1] }.map { ($0, place) }
                }
                guard let (rank, place) = places.min(by: <) else { break }
                result.replaceSubrange(place...place + 1, with: [merges[rank].result])
            }
            return result
        }

        func tokenizer() throws -> Tokenizer {
            let entries = tokens.enumerated().map { "\(quoted($1)):\($0)" }
            let rules = merges.map { "[\(quoted(tokens[$0.left])),\(quoted(tokens[$0.right]))]" }
            let json = """
                {"pre_tokenizer":{"type":"ByteLevel"},"model":{"vocab":{\(entries.joined(separator: ","))},\
                "merges":[\(rules.joined(separator: ","))]}}
                """
            return try Array(json.utf8).withUnsafeBytes { try Tokenizer(tokenizerJSON: $0) }
        }

        /// How the byte-level alphabet writes the bytes that do not stand for themselves.
        private static let moved: [UInt8: String] = {
            let bytes = [0...0x20, 0x7F...0xA0, 0xAD...0xAD].joined()
            return Dictionary(
                uniqueKeysWithValues: bytes.enumerated().map { (UInt8($1), String(UnicodeScalar(0x100 + $0) ?? "?")) })
        }()

        /// In the byte-level alphabet, as JSON.
        private func quoted(_ bytes: [UInt8]) -> String {
            var text = ""
            for byte in bytes {
                switch byte {
                case 0x22, 0x5C: text += "\\" + String(Unicode.Scalar(byte))
                case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: text.unicodeScalars.append(Unicode.Scalar(byte))
                default: text += Self.moved[byte, default: ""]
                }
            }
            return "\"\(text)\""
        }
    }

    @Test func piecesAreMergedAsBySearching() throws {
        var generator = FuzzGenerator(seed: 1)
        var splitTokens = 0
        for _ in 0..<400 {
            let vocabulary = RandomVocabulary(&generator)
            let tokenizer = try vocabulary.tokenizer()
            for (token, bytes) in vocabulary.tokens.enumerated().dropFirst(256) {
                let expected = vocabulary.encode(bytes)
                #expect(tokenizer.encode(utf8: bytes) == expected)
                if expected != [token] { splitTokens += 1 }
            }
            for _ in 0..<20 {
                let text = (0..<1 + generator.below(15)).map { _ in UInt8(0x61 + generator.below(3)) }
                #expect(tokenizer.encode(utf8: text) == vocabulary.encode(text))
            }
        }
        #expect(splitTokens > 1000)
    }
}
