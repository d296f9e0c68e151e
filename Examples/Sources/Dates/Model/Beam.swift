import Foundation

/// Beam search: the few best beginnings of a text, each step extended by every token and cut down again.
///
/// A finished text stays in the beam as it is and competes with the others. Probabilities are those of whole texts, the
/// end token included, so that nothing favours short texts or long ones but the model.
package struct Beam {
    package struct Hypothesis: Equatable {
        /// Without start and end tokens.
        package var tokens: [Int32] = []
        /// The sum of the tokens' log-probabilities, that of the end token included.
        package var logProbability = 0.0
        /// Whether the end token has come.
        package var isFinished = false
    }

    /// How many hypotheses are kept.
    package let width: Int
    package let end: Int32
    /// The best first.
    package private(set) var hypotheses = [Hypothesis()]

    package init(width: Int, end: Int32) {
        self.width = width
        self.end = end
    }

    /// Those that go on, all of the same length; the best first.
    package var open: [Hypothesis] { hypotheses.filter { !$0.isFinished } }

    /// Goes one step on.
    ///
    /// - Parameter logProbabilities: for each of the ``open`` hypotheses, those of all tokens that may come next.
    package mutating func advance(_ logProbabilities: [[Double]]) {
        var candidates = hypotheses.filter(\.isFinished)
        for (hypothesis, row) in zip(open, logProbabilities) {
            for (token, logProbability) in row.enumerated() where logProbability > -.infinity {
                var longer = hypothesis
                longer.logProbability += logProbability
                if token == end { longer.isFinished = true } else { longer.tokens.append(Int32(token)) }
                candidates.append(longer)
            }
        }
        hypotheses = Array(candidates.sorted { $0.logProbability > $1.logProbability }.prefix(width))
    }
}

/// ln softmax(logits), in double precision.
package func logSoftmax(_ logits: some Collection<Float>) -> [Double] {
    let largest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0) { $0 + exp(Double($1) - largest) }
    return logits.map { Double($0) - largest - log(sum) }
}
