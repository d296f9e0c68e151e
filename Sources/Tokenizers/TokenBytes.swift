/// The bytes of all tokens, one after another.
struct TokenBytes: Sendable {
    private(set) var text: [UInt8] = []
    /// Where each token starts; one more than there are tokens.
    private(set) var starts: [Int] = [0]

    var count: Int { starts.count - 1 }

    func range(of token: Int) -> Range<Int> { starts[token]..<starts[token + 1] }

    /// Calls `body` with the bytes of a token, which must exist.
    func withBytes<Result, Failure>(
        of token: Int, _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let range = range(of: token)
        return try text.withUnsafeBufferPointer { buffer throws(Failure) in
            try body(UnsafeBufferPointer(rebasing: buffer[range]))
        }
    }

    mutating func append(_ bytes: [UInt8]) {
        text += bytes
        starts.append(text.count)
    }

    mutating func reserveCapacity(tokens: Int, bytes: Int) {
        starts.reserveCapacity(tokens + 1)
        text.reserveCapacity(bytes)
    }
}
