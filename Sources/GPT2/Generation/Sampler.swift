package import Files
internal import Runtime
package import Tokenizers

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Chooses the next token from a row of logits.
///
/// The filters are those of Hugging Face transformers (`TemperatureLogitsWarper`, `TopKLogitsWarper`,
/// `TopPLogitsWarper`), in this order: tokens as likely as the k-th are kept. Where top-p's border runs between equally
/// likely tokens, transformers keeps whichever its sort puts first; here those with the lowest ids are kept. Nothing is
/// sorted and, after `init`, nothing allocated.
package struct Sampler: ~Copyable {
    package struct Sample {
        package let token: TokenID
        /// The token's probability as the model has it, before temperature and filters.
        package let probability: Float
    }

    private let isGreedy: Bool
    private let inverseTemperature: Float
    private let topK: Int?
    private let topP: Double?
    private let logitBlocks: LogitBlocks
    private let selection = RadixSelection()

    /// The tokens that the filters keep, in ascending order, with their logits and then their weights, which sum to 1.
    private let tokens: UnsafeMutableBufferPointer<Int32>
    private let logits: UnsafeMutableBufferPointer<Float>
    private let weights: UnsafeMutableBufferPointer<Float>
    private var count = 0

    /// - Throws: ``InputError`` of kind `usage` that names an option whose value makes no sense.
    package init(_ options: GenerationOptions, vocabularySize: Int) throws(InputError) {
        try options.validate()
        isGreedy = options.greedy || options.temperature == 0
        inverseTemperature = Float(min(1 / options.temperature, Double(Float.greatestFiniteMagnitude)))
        topK = options.topK.flatMap { $0 < vocabularySize ? $0 : nil }
        topP = options.topP.flatMap { $0 < 1 ? $0 : nil }
        logitBlocks = LogitBlocks(vocabularySize: vocabularySize)
        tokens = .allocate(capacity: vocabularySize)
        logits = .allocate(capacity: vocabularySize)
        weights = .allocate(capacity: vocabularySize)
        weights.initialize(repeating: 0)
    }

    deinit {
        tokens.deallocate()
        logits.deallocate()
        weights.deallocate()
    }

    /// Chooses a token.
    ///
    /// - Parameters:
    ///   - row: the logits, [V].
    ///   - uniform: a random number in `0 ..< 1`; the token is where it falls in the cumulative distribution over the
    ///     kept tokens in the order of their ids.
    /// - Throws: ``InputError`` of kind `data` if a logit is not a number or none is finite.
    package mutating func sample(_ row: UnsafeBufferPointer<Float>, uniform: Double) throws(InputError) -> Sample {
        let largest = try largestLogit(row)
        let token: Int
        if isGreedy {
            token = logitBlocks.firstIndex(of: largest, in: row)
        } else {
            keepTopK(row)
            weigh(relativeTo: largest)
            if let topP { keepTopP(topP) }
            token = draw(uniform)
        }
        // Without a weight, the kernel only reads the row.
        let start = UnsafeMutablePointer(mutating: row.baseAddress)
        let surprise = Processor.kernels.pointee.cross_entropy(row.count, token, nil, start)
        return Sample(token: token, probability: exp(-surprise))
    }

    /// The tokens that the last call drew from and their probabilities, in ascending order of the tokens.
    package var distribution: [(token: TokenID, probability: Float)] {
        let total = (0..<count).reduce(0) { $0 + Double(weights[$1]) }
        return (0..<count).map { (Int(tokens[$0]), Float(Double(weights[$0]) / total)) }
    }

    private func largestLogit(_ row: UnsafeBufferPointer<Float>) throws(InputError) -> Float {
        let largest = logitBlocks.measure(row)
        guard largest.isFinite else {
            let value = largest.isNaN ? "not a number" : "\(largest)"
            throw InputError(
                .data, "the model's largest logit is \(value), so no token can be chosen",
                advice: "Its weights are damaged or overflow: download or convert them again")
        }
        return largest
    }

    /// Finds the tokens whose logit is at least the k-th largest.
    private mutating func keepTopK(_ row: UnsafeBufferPointer<Float>) {
        guard let topK else {
            for token in 0..<row.count { tokens[token] = Int32(token) }
            _ = logits.update(fromContentsOf: row)
            count = row.count
            return
        }
        // As many blocks as tokens are wanted have a maximum of at least this, so it is no more than the k-th logit.
        var bound = -Float.infinity
        if topK <= logitBlocks.count {
            bound = selection.threshold(of: logitBlocks.maxima[...], reaching: Double(topK)) { _ in 1 }.key
        }
        count = logitBlocks.gather(from: row, atLeast: bound, tokens: tokens, logits: logits)
        let border = selection.threshold(of: logits[..<count], reaching: Double(topK)) { _ in 1 }.key
        keep { _, logit in logit >= border }
    }

    private func weigh(relativeTo largest: Float) {
        // The largest becomes 0, which no temperature moves: nothing can overflow.
        for i in 0..<count { weights[i] = logits[i] - largest }
        Processor.kernels.pointee.softmax(count, inverseTemperature, weights.baseAddress)
    }

    /// Keeps the tokens that have less than `p` of the weight above them.
    private mutating func keepTopP(_ p: Double) {
        let target = p * (0..<count).reduce(0) { $0 + Double(weights[$1]) }
        let border = selection.threshold(of: logits[..<count], reaching: target) { Double(weights[$0]) }
        // Of those on the border, some may be too much.
        var above = border.above
        keep { weight, logit in
            guard logit == border.key else { return logit > border.key }
            guard above < target else { return false }
            above += Double(weight)
            return true
        }
    }

    private mutating func keep(where isKept: (_ weight: Float, _ logit: Float) -> Bool) {
        var kept = 0
        for i in 0..<count where isKept(weights[i], logits[i]) {
            tokens[kept] = tokens[i]
            logits[kept] = logits[i]
            weights[kept] = weights[i]
            kept += 1
        }
        count = kept
    }

    private func draw(_ uniform: Double) -> Int {
        let total = (0..<count).reduce(0) { $0 + Double(weights[$1]) }
        var cumulative = 0.0
        for i in 0..<count {
            cumulative += Double(weights[i])
            if cumulative > uniform * total { return Int(tokens[i]) }
        }
        return Int(tokens[count - 1])
    }
}
