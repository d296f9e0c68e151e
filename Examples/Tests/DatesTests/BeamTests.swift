import Foundation
import Layers
import Tensors
import Testing
import dates

@Suite("Beam search")
struct BeamTests {
    private static let end: Int32 = 2

    /// The probabilities of what follows in a made-up language of the tokens 0, 1 and the end, 2. The likeliest first token,
    /// 0, begins the less likely texts.
    private func next(_ tokens: [Int32]) -> [Double] {
        switch tokens {
        case []: [0.6, 0.4, 0]
        case [0]: [0.4, 0.35, 0.25]
        case [1]: [0.05, 0.05, 0.9]
        default: [0.25, 0.25, 0.5]
        }
    }

    private func search(width: Int, steps: Int) -> [Beam.Hypothesis] {
        var beam = Beam(width: width, end: Self.end)
        for _ in 0..<steps { beam.advance(beam.open.map { next($0.tokens).map { log($0) } }) }
        return beam.hypotheses
    }

    /// Every text of at most `longest` tokens with its probability, by trying all.
    private func allTexts(longest: Int) -> [[Int32]: Double] {
        var texts: [[Int32]: Double] = [:]
        func extend(_ tokens: [Int32], _ probability: Double) {
            let row = next(tokens)
            if row[2] > 0 { texts[tokens] = probability * row[2] }
            if tokens.count < longest {
                for token in 0..<2 { extend(tokens + [Int32(token)], probability * row[token]) }
            }
        }
        extend([], 1)
        return texts
    }

    @Test("a beam of one takes the likeliest token each time, and misses the likeliest text") func greedy() {
        let found = search(width: 1, steps: 3)
        #expect(found.map(\.tokens) == [[0, 0]])
        #expect(abs(exp(found[0].logProbability) - 0.6 * 0.4 * 0.5) < 1e-12)
        #expect(found[0].isFinished)
    }

    @Test("a beam of two finds it: by hand") func two() {
        // Step 1: 0 (0.6), 1 (0.4). Step 2: 1 and the end (0.36), 0 0 (0.24). Step 3: 0 0 and the end (0.12).
        let found = search(width: 2, steps: 3)
        #expect(found.map(\.tokens) == [[1], [0, 0]])
        #expect(found.map(\.isFinished) == [true, true])
        for (hypothesis, expected) in zip(found, [0.36, 0.12]) {
            #expect(abs(exp(hypothesis.logProbability) - expected) < 1e-12)
        }
    }

    @Test("a beam wide enough for all is an exhaustive search") func exhaustive() {
        let texts = allTexts(longest: 4)
        let found = search(width: 1000, steps: 5).filter(\.isFinished)
        #expect(found.count == texts.count && texts.count == 30)
        for hypothesis in found {
            #expect(abs(exp(hypothesis.logProbability) - (texts[hypothesis.tokens] ?? 0)) < 1e-12)
        }
        let logProbabilities = found.map(\.logProbability)
        #expect(logProbabilities == logProbabilities.sorted().reversed())
    }

    @Test("logarithms of probabilities, also where the exponential would overflow") func logProbabilities() {
        let row = logSoftmax([1000, 1000 + Float(log(3.0)), -.infinity])
        #expect(abs(exp(row[0]) - 0.25) < 1e-4 && abs(exp(row[1]) - 0.75) < 1e-4 && row[2] == -.infinity)
    }
}
