import Foundation
import Tensors

extension Reference {
    /// softmax(q kᵀ scale + mask) v, head by head; a query that may look at no key finds zeros.
    ///
    /// - Parameter patterns: weights, [H, queries, keys], that stand in place of those of some sequences.
    static func attention(
        queries: Numbers, keys: Numbers, values: Numbers, heads: Int, scale: Double, spans: [AttentionSpan],
        mask: AttentionMask = .none, dropout: Dropout? = nil, patterns: [Int: Numbers] = [:]
    ) -> Numbers {
        let size = queries.columns / heads
        let mask = MaskNumbers(mask)
        var output = Numbers(queries.shape)
        for (sequence, span) in spans.enumerated() {
            for head in 0..<heads {
                let channels = head * size..<(head + 1) * size
                for (i, query) in span.queries.enumerated() {
                    var weights = span.keys.enumerated().map { j, key in
                        let product = channels.reduce(0.0) { $0 + queries[query, $1] * keys[key, $1] }
                        return product * scale + mask.added(span, query: i, key: j, matrix: sequence * heads + head)
                    }
                    softmax(&weights)
                    if let pattern = patterns[sequence] {
                        weights = weights.indices.map { pattern[head * span.queries.count + i, $0] }
                    }
                    for (j, key) in span.keys.enumerated() {
                        let kept = dropout?.factor(query: query, head: head, of: heads, key: j) ?? 1
                        for channel in channels { output[query, channel] += weights[j] * kept * values[key, channel] }
                    }
                }
            }
        }
        return output
    }

    private static func softmax(_ scores: inout [Double]) {
        guard let top = scores.max(), top > -.infinity else {
            scores = scores.map { _ in 0 }
            return
        }
        scores = scores.map { exp($0 - top) }
        let sum = scores.reduce(0, +)
        scores = scores.map { $0 / sum }
    }
}

private struct MaskNumbers {
    let isCausal: Bool
    let padding: [Float]?
    let additive: Numbers?

    init(_ mask: AttentionMask) {
        isCausal = mask.isCausal
        padding = mask.keyPadding?.values
        additive = mask.additive.map { Numbers($0) }
    }

    /// What is added to a score, -infinity where the key is hidden.
    func added(_ span: AttentionSpan, query: Int, key: Int, matrix: Int) -> Double {
        // The last query sees all keys, the one before it one less.
        if isCausal && key > query + span.keys.count - span.queries.count { return -.infinity }
        var sum = padding.map { Double($0[span.keys.lowerBound + key]) } ?? 0
        if let additive {
            sum += additive[additive.shape.rank == 3 ? matrix * additive.shape[1] + query : query, key]
        }
        return sum
    }
}
