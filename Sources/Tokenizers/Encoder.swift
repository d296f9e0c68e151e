/// One pass of encoding: text and tokens go in, in turns, tokens come out.
protocol TextEncoder {
    /// Encodes text in which no added token is to be found.
    mutating func encode(_ text: UnsafeBufferPointer<UInt8>)
    mutating func append(_ token: TokenID)
    var output: [TokenID] { get }
}

/// One pass of encoding by merges: the tables of a vocabulary and the working memory.
struct BytePairEncoder: TextEncoder {
    private let table: TokenTable
    private let merges: Merges
    private var short = ShortPieceMerger()
    /// Made when the first long piece comes.
    private var long: LongPieceMerger?
    private var cache: PieceCache
    private(set) var output: [TokenID] = []

    init(_ table: TokenTable, _ merges: Merges, expectedBytes: Int) {
        self.table = table
        self.merges = merges
        cache = PieceCache(expectedBytes: expectedBytes)
        // English text has about four bytes a token.
        output.reserveCapacity(expectedBytes / 4 + 8)
    }

    mutating func append(_ token: TokenID) {
        output.append(token)
    }

    mutating func encode(_ text: UnsafeBufferPointer<UInt8>) {
        let pretokenizer = Pretokenizer(text)
        var start = 0
        while start < text.count {
            let end = pretokenizer.end(ofPieceAt: start)
            if end - start <= PieceKey.longest {
                encodeShort(text, start..<end)
            } else {
                encodeLong(UnsafeBufferPointer(rebasing: text[start..<end]))
            }
            start = end
        }
    }

    @inline(__always)
    private mutating func encodeShort(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        let key = PieceKey(text, range)
        let whole = table.wholeToken(key)
        if whole >= 0 {
            output.append(Int(whole))
        } else if !cache.repeatTokens(of: key, in: &output) {
            let start = output.count
            short.tokenize(UnsafeBufferPointer(rebasing: text[range]), merges) { output.append(Int($0)) }
            cache.remember(key, tokens: start..<output.count)
        }
    }

    private mutating func encodeLong(_ piece: UnsafeBufferPointer<UInt8>) {
        if piece.count <= ShortPieceMerger.longest {
            short.tokenize(piece, merges) { output.append(Int($0)) }
            return
        }
        var merger = long.take() ?? LongPieceMerger(merges)
        for start in stride(from: 0, to: piece.count, by: LongPieceMerger.longest) {
            let end = min(start + LongPieceMerger.longest, piece.count)
            merger.tokenize(UnsafeBufferPointer(rebasing: piece[start..<end])) { output.append(Int($0)) }
        }
        long = merger
    }
}
