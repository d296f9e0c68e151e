package import Files

/// The files that hold token ids and nothing else, all little-endian.
///
/// Sources: `data/shakespeare_char/prepare.py` of nanoGPT, `dev/data/data_common.py` of llm.c.
public enum TokenFormat: Sendable, CaseIterable {
    /// nanoGPT: 16-bit ids without a header.
    case nanoGPT
    /// llm.c for GPT-2: a header of 256 32-bit words (20240520, version 1, the number of tokens, zeros), 16-bit ids.
    case llmC
    /// llm.c for Llama 3: the same header (20240801, version 7), 32-bit ids.
    case llmCWide

    /// nanoGPT's where it holds the vocabulary, or the one that holds any.
    public static func fitting(vocabularySize: Int) -> TokenFormat {
        vocabularySize <= nanoGPT.largestVocabulary ? .nanoGPT : .llmCWide
    }

    /// How many tokens a vocabulary may have: 65,535 where ids have 16 bits.
    public var largestVocabulary: Int { bytesPerToken == 2 ? Int(UInt16.max) : Int(Int32.max) }

    package var bytesPerToken: Int { self == .llmCWide ? 4 : 2 }

    var name: String {
        switch self {
        case .nanoGPT: "nanoGPT's 16-bit format"
        case .llmC: "llm.c's 16-bit format"
        case .llmCWide: "llm.c's 32-bit format"
        }
    }

    /// The words that identify a file.
    var signature: (magic: Int32, version: Int32)? {
        switch self {
        case .nanoGPT: nil
        case .llmC: (20_240_520, 1)
        case .llmCWide: (20_240_801, 7)
        }
    }

    /// The size of the header in bytes.
    package var headerCount: Int { signature == nil ? 0 : 1024 }

    func header(tokens: Int, in place: String) throws(InputError) -> [UInt8] {
        guard let signature else { return [] }
        guard let tokens = Int32(exactly: tokens) else {
            throw InputError(
                .data, "\(tokens) tokens are more than the \(Int32.max) that a file in \(name) holds", in: place,
                advice: "Spread them over several files")
        }
        let words = [signature.magic, signature.version, tokens]
        let bytes = words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { [UInt8]($0) } }
        return bytes + [UInt8](repeating: 0, count: headerCount - bytes.count)
    }

    /// - Throws: ``InputError`` of kind `data` for a vocabulary whose ids the format would cut off.
    func checkHolds(vocabularySize: Int, in place: String) throws(InputError) {
        guard vocabularySize > largestVocabulary else { return }
        throw InputError(
            .data,
            "ids of \(bytesPerToken * 8) bits do not hold a vocabulary of \(vocabularySize) tokens; "
                + "they hold \(largestVocabulary)",
            in: place, advice: "Write them in llm.c's 32-bit format, or use the vocabulary that they were made with")
    }
}

/// Where the ids of a token file are.
package struct TokenLayout {
    package let format: TokenFormat
    /// The number of ids.
    package let count: Int

    init(_ format: TokenFormat, count: Int) {
        self.format = format
        self.count = count
    }

    /// - Parameters:
    ///   - format: nil to tell the formats apart by llm.c's signatures. Two ids that make one are outside GPT-2's
    ///     vocabulary, but other vocabularies can have them.
    ///   - place: the file, for errors.
    /// - Throws: ``InputError`` of kind `data` for a file that is empty, of odd length, cut short, or something else.
    package init(_ bytes: UnsafeRawBufferPointer, as format: TokenFormat? = nil, in place: String) throws(InputError) {
        func failure(_ problem: String, advice: String = "Copy or prepare the file again") -> InputError {
            InputError(.data, problem, in: place, advice: advice)
        }
        func word(_ index: Int) -> Int32 {
            Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
        }
        guard !bytes.isEmpty else { throw failure("the file is empty; token ids were expected") }
        let magic = bytes.count >= 4 ? word(0) : 0
        let signed = TokenFormat.allCases.first { $0.signature?.magic == magic }
        if format == nil, let other = Self.otherFiles[magic] {
            throw failure("the file is \(other) of llm.c, not tokens", advice: "Name a file of token ids")
        }
        guard let format = format ?? signed, format.signature != nil else {
            guard bytes.count.isMultiple(of: 2) else {
                throw failure("the file has \(bytes.count) bytes, an odd number; 16-bit token ids were expected")
            }
            self.format = .nanoGPT
            count = bytes.count / 2
            return
        }
        guard bytes.count >= format.headerCount else {
            throw failure("the header has \(format.headerCount) bytes, but the file ends after \(bytes.count)")
        }
        if let expected = format.signature, magic != expected.magic {
            throw failure("the file begins with the number \(magic), but \(format.name) with \(expected.magic)")
        }
        if let version = format.signature?.version, word(1) != version {
            throw failure("the header says version \(word(1)), but \(format.name) is version \(version)")
        }
        count = Int(word(2))
        guard count > 0 else { throw failure("the header says that the file holds \(count) tokens") }
        let expected = format.headerCount + count * format.bytesPerToken
        guard bytes.count == expected else {
            throw failure(
                "the header says \(count) tokens, which take \(expected) bytes, but the file has \(bytes.count) bytes")
        }
        self.format = format
    }

    /// Other files that begin with such a word.
    private static let otherFiles: [Int32: String] = [
        20_240_326: "a model", 20_240_327: "a debugging state", 20_240_328: "a tokenizer",
        20_240_522: "an evaluation set",
    ]
}
