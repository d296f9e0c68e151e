public import Files

/// Token ids one after another, from any number of shards or parts of them.
public struct TokenSequence: Sendable {
    private struct Part: Sendable {
        let shard: TokenShard
        /// Which of the shard's tokens.
        let range: Range<Int>
        /// The position of the first one in the sequence.
        let start: Int
    }

    private var parts: [Part] = []
    /// The number of tokens.
    public private(set) var count = 0

    public init(_ shards: [TokenShard]) {
        for shard in shards { append(shard, 0..<shard.count) }
    }

    /// A part of the sequence, without copying it.
    public subscript(range: Range<Int>) -> TokenSequence {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "the range reaches past the end of the tokens")
        var result = TokenSequence([])
        for part in parts {
            let inside = range.clamped(to: part.start..<part.start + part.range.count)
            if inside.isEmpty { continue }
            let offset = part.range.lowerBound - part.start
            result.append(part.shard, inside.lowerBound + offset..<inside.upperBound + offset)
        }
        return result
    }

    private mutating func append(_ shard: TokenShard, _ range: Range<Int>) {
        if range.isEmpty { return }
        parts.append(Part(shard: shard, range: range, start: count))
        count += range.count
    }

    /// What distinguishes one sequence of tokens from another.
    public struct Summary: Sendable, Equatable {
        public let count: Int
        /// The largest id.
        public let largest: Int
        /// Depends on every token and its place, not on how they are stored: 16 hexadecimal digits, FNV-1a over the ids.
        public let fingerprint: String
    }

    /// Reads every token once, giving mapped memory back as it goes.
    ///
    /// - Throws: ``InputError`` of kind `data` for an id outside the vocabulary, with its shard and position, and for a
    ///   vocabulary too large for the shard's ids.
    @discardableResult
    public func scan(vocabularySize: Int) throws(InputError) -> Summary {
        var largest: UInt32 = 0
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var block = [Int32](repeating: 0, count: 1 << 16)
        for part in parts {
            try part.shard.format.checkHolds(vocabularySize: vocabularySize, in: part.shard.place)
            for start in stride(from: part.range.lowerBound, to: part.range.upperBound, by: block.count) {
                let range = start..<min(start + block.count, part.range.upperBound)
                block.withUnsafeMutableBufferPointer { block in
                    part.shard.copy(from: start, into: UnsafeMutableBufferPointer(rebasing: block[..<range.count]))
                }
                for id in block[..<range.count] {
                    let id = UInt32(bitPattern: id)
                    largest = max(largest, id)
                    hash = (hash ^ UInt64(id)) &* 0x100_0000_01B3
                }
                if largest >= vocabularySize { throw Self.foreignToken(block, from: range, part.shard, vocabularySize) }
                part.shard.release(range)
            }
        }
        return Summary(count: count, largest: Int(largest), fingerprint: hash.sixteenDigits)
    }

    private static func foreignToken(
        _ block: [Int32], from range: Range<Int>, _ shard: TokenShard, _ vocabularySize: Int
    ) -> InputError {
        let index = block.firstIndex { UInt32(bitPattern: $0) >= vocabularySize } ?? 0
        return InputError(
            .data,
            "the token at position \(range.lowerBound + index) is \(UInt32(bitPattern: block[index])), "
                + "outside the vocabulary of \(vocabularySize) tokens",
            in: shard.place, advice: "Use the vocabulary that the tokens were made with")
    }

    /// Copies tokens from a position on.
    func copy(from position: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(position >= 0 && position + buffer.count <= count, "a window reaches past the end of the tokens")
        var index = partIndex(of: position)
        var filled = 0
        while filled < buffer.count {
            let part = parts[index]
            let offset = position + filled - part.start
            let length = min(part.range.count - offset, buffer.count - filled)
            part.shard.copy(
                from: part.range.lowerBound + offset,
                into: UnsafeMutableBufferPointer(rebasing: buffer[filled..<filled + length]))
            filled += length
            index += 1
        }
    }

    /// Gives the memory of mapped tokens back; they stay readable.
    func release(_ range: Range<Int>) {
        for part in parts {
            let inside = range.clamped(to: part.start..<part.start + part.range.count)
            let offset = part.range.lowerBound - part.start
            if !inside.isEmpty { part.shard.release(inside.lowerBound + offset..<inside.upperBound + offset) }
        }
    }

    /// The part that holds a position: the last one that starts at or before it.
    private func partIndex(of position: Int) -> Int {
        var (low, high) = (0, parts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if parts[middle].start <= position { low = middle } else { high = middle }
        }
        return low
    }

    /// The ids of a range; for small ranges.
    public func ids(_ range: Range<Int>) -> [Int] {
        [Int32](unsafeUninitializedCapacity: range.count) { buffer, count in
            copy(from: range.lowerBound, into: UnsafeMutableBufferPointer(rebasing: buffer[..<range.count]))
            count = range.count
        }.map { Int(UInt32(bitPattern: $0)) }
    }
}

extension UInt64 {
    /// All hexadecimal digits.
    var sixteenDigits: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
