import Files
import Foundation
import GPT2
import Runtime
import Testing

/// `Fixtures/make_sampling.py` made the expected values with transformers' warpers.
private struct SamplingFixture: Decodable {
    struct Case: Decodable, CustomStringConvertible {
        let row: String
        let temperature: Double
        let topK: Int?
        let topP: Double?
        let kept: [Int]?
        let probabilities: [Double]

        var description: String {
            "\(row), temperature \(temperature), top-k \(topK ?? 0), top-p \(topP ?? 1)"
        }
    }

    let rows: [String: [Int]]
    let cases: [Case]

    static func load() throws -> SamplingFixture {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Self.self, from: Data(contentsOf: Fixtures.url("sampling.json")))
    }
}

@Suite struct GenerationSamplerTests {
    private func sample(
        _ logits: [Float], _ options: GenerationOptions, uniform: Double = 0.5
    ) throws -> (sample: Sampler.Sample, distribution: [(token: Int, probability: Float)]) {
        var sampler = try Sampler(options, vocabularySize: logits.count)
        let sample = try logits.withUnsafeBufferPointer { try sampler.sample($0, uniform: uniform) }
        return (sample, sampler.distribution)
    }

    @Test func filtersKeepWhatTransformersKeeps() throws {
        let fixture = try SamplingFixture.load()
        #expect(fixture.cases.count == 48)
        for example in fixture.cases {
            let logits = try #require(fixture.rows[example.row]).map { Float($0) / 16 }
            let options = GenerationOptions(
                temperature: example.temperature, topK: example.topK, topP: example.topP)
            let (sample, distribution) = try sample(logits, options)
            let tokens = distribution.map(\.token)
            let expected = example.kept ?? Array(logits.indices)
            #expect(tokens.map { logits[$0] }.sorted() == expected.map { logits[$0] }.sorted(), "\(example)")
            let border = try #require(tokens.map { logits[$0] }.min())
            #expect(tokens.filter { logits[$0] > border } == expected.filter { logits[$0] > border }, "\(example)")
            let onBorder = tokens.filter { logits[$0] == border }
            #expect(onBorder.elementsEqual(logits.indices.filter { logits[$0] == border }.prefix(onBorder.count)))
            let probabilities = distribution.map { Double($0.probability) }.sorted(by: >)
            for (probability, expected) in zip(probabilities, example.probabilities) {
                #expect(abs(probability - expected) <= 1e-6 * expected + 1e-9, "\(example)")
            }
            #expect(tokens.contains(sample.token))
        }
    }

    @Test func drawsFollowTheDistribution() throws {
        let logits: [Float] = [0.5, -1, 2, 0, 1.5, -3, 1]
        let options = GenerationOptions(temperature: 0.9, topK: 5)
        let exact = [0.5, 2, 0, 1.5, 1].map { exp($0 / 0.9) }
        let expected = zip([0, 2, 3, 4, 6], exact.map { $0 / exact.reduce(0, +) })
        var sampler = try Sampler(options, vocabularySize: logits.count)
        let philox = Philox(seed: 3)
        var counts = [Int](repeating: 0, count: logits.count)
        let draws = 100_000
        for position in 0..<UInt64(draws) {
            let sample = try logits.withUnsafeBufferPointer {
                try sampler.sample($0, uniform: philox.uniform(at: position))
            }
            counts[sample.token] += 1
        }
        #expect(counts[1] == 0)
        #expect(counts[5] == 0)
        for (token, probability) in expected {
            // Five standard deviations.
            let deviation = (Double(draws) * probability * (1 - probability)).squareRoot()
            #expect(abs(Double(counts[token]) - Double(draws) * probability) < 5 * deviation, "token \(token)")
        }
    }

    @Test func theUniformNumberSweepsTheTokensInOrder() throws {
        let logits: [Float] = [0, 0, -.infinity, 0, 0]
        let options = GenerationOptions(temperature: 1, topK: nil)
        for (uniform, token) in [(0, 0), (0.24, 0), (0.26, 1), (0.49, 1), (0.51, 3), (0.76, 4), (1.0.nextDown, 4)] {
            #expect(try sample(logits, options, uniform: uniform).sample.token == token, "\(uniform)")
        }
    }

    @Test func greedyTakesTheFirstOfTheLargest() throws {
        var logits = [Float](repeating: -2, count: 1000)
        for token in [999, 700, 130] { logits[token] = 3 }
        #expect(try sample(logits, GenerationOptions(greedy: true)).sample.token == 130)
        #expect(try sample(logits, GenerationOptions(temperature: 0)).sample.token == 130)
        #expect(try sample([0, -0.0], GenerationOptions(greedy: true)).sample.token == 0)
        #expect(try sample([-0.0, 0], GenerationOptions(greedy: true)).sample.token == 0)
    }

    @Test func theProbabilityIsTheModelsOwn() throws {
        let logits: [Float] = (0..<777).map { sin(Float($0)) * 5 }
        let sum = logits.reduce(0) { $0 + exp(Double($1)) }
        for options in [GenerationOptions(temperature: 0.3, topK: 3), GenerationOptions(greedy: true)] {
            let sample = try sample(logits, options).sample
            let expected = exp(Double(logits[sample.token])) / sum
            #expect(abs(Double(sample.probability) - expected) < 1e-6 * expected)
        }
    }

    /// Neither the least temperature nor logits near the end of the range may overflow on the way to the draw.
    @Test func extremeValuesStillGiveTheLikeliest() throws {
        let logits: [Float] = [-.greatestFiniteMagnitude, 1, .greatestFiniteMagnitude, -.infinity]
        for temperature in [Double.leastNonzeroMagnitude, 1e-40, 1, 1e10] {
            for topK in [nil, 2] {
                for topP in [nil, 0.5] {
                    let options = GenerationOptions(temperature: temperature, topK: topK, topP: topP)
                    #expect(try sample(logits, options).sample.token == 2)
                }
            }
        }
        let flat = try sample([1, 2, 3], GenerationOptions(temperature: .greatestFiniteMagnitude, topK: nil))
        #expect(flat.distribution.allSatisfy { abs($0.probability - 1 / 3) < 1e-6 })
    }

    @Test(arguments: [
        [Float.nan, 1, 2], [1, .nan], [Float](repeating: .nan, count: 200), [1, .infinity], [-.infinity, -.infinity],
        [Float](repeating: 0, count: 70) + [.nan],
    ])
    func logitsThatAreNoNumbersAreRefused(logits: [Float]) throws {
        for options in [GenerationOptions(), GenerationOptions(greedy: true), GenerationOptions(topK: nil, topP: 0.5)] {
            let error = #expect(throws: InputError.self) { try sample(logits, options) }
            #expect(error?.kind == .data)
        }
    }

    @Test func optionsOutOfRangeAreRefusedByName() {
        let cases: [(GenerationOptions, String)] = [
            (.init(maxTokens: 0), "max-tokens"), (.init(maxTokens: -5), "max-tokens"),
            (.init(temperature: -0.1), "temperature"), (.init(temperature: .nan), "temperature"),
            (.init(temperature: .infinity), "temperature"),
            (.init(topK: 0), "top-k"), (.init(topK: -1), "top-k"),
            (.init(topP: 0), "top-p"), (.init(topP: 1.01), "top-p"), (.init(topP: .nan), "top-p"),
            (.init(stop: ["x", ""]), "stop"),
        ]
        for (options, name) in cases {
            let error = #expect(throws: InputError.self) { try options.validate() }
            #expect(error?.kind == .usage)
            #expect(error?.place == name)
        }
        #expect(throws: Never.self) { try GenerationOptions(temperature: 0, topK: 1, topP: 1).validate() }
    }

    /// Every method that looks at a part of the vocabulary against sorting all of it.
    @Test func topKOfRandomRowsEqualsSorting() throws {
        let philox = Philox(seed: 11)
        for (round, count) in [1, 2, 63, 64, 65, 1000, 5003].enumerated() {
            // Few distinct values, so that ties are common, and negative zeros.
            let logits = (0..<count).map { index in
                let word = philox.words(at: UInt64(round * 10_000 + index)).x
                return word % 7 == 0 ? -0.0 : (Float(word % 1024) - 512) / 64
            }
            for k in [1, 2, 40, 100, count] where k <= count {
                let border = logits.sorted(by: >)[k - 1]
                let distribution = try sample(logits, GenerationOptions(topK: k)).distribution
                #expect(distribution.map(\.token) == logits.indices.filter { logits[$0] >= border }, "\(count), k \(k)")
            }
        }
    }
}
