import Foundation
import GPT2
import Runtime
import Tensors
import TestSupport
import Testing

/// What tests of prompt caches share.
enum PromptCaches {
    /// A small model of `Fixtures/small`, in a format and with a team of its own.
    static func model(
        _ name: String, _ format: WeightFormat = .f32, threads: Int = 2, damage: (inout Data) -> Void = { _ in }
    ) throws -> GPT2Model {
        try CounterCheckpoint.with(Fixtures.reference("small/\(name)")) { path in
            let weights = URL(fileURLWithPath: path).appendingPathComponent("model.safetensors")
            var data = try Data(contentsOf: weights)
            damage(&data)
            try data.write(to: weights)
            return try GPT2Model(directory: path, weights: format, team: Team(threads: threads))
        }
    }

    static func tokens(_ name: String, _ count: Int) throws -> [Int] {
        Array(try Fixtures.reference("small/\(name)").tokens?.prefix(count) ?? [])
    }

    struct Text: Equatable {
        var tokens: [Int] = []
        var probabilities: [Float] = []
    }

    static let options = GenerationOptions(maxTokens: 12, temperature: 1.1, topK: nil, seed: 3, ignoreEndOfText: true)

    /// A text and how many of its prompt's tokens came from the file. Saves the prompt.
    static func generate(
        _ model: GPT2Model, _ prompt: [Int], _ file: String? = nil, _ options: GenerationOptions = options
    ) throws -> (text: Text, cached: Int, steps: Int) {
        let generation = try Generation(model, prompt: prompt, options: options, promptCache: file)
        var text = Text()
        var steps = 0
        loop: while true {
            switch try generation.step() {
            case .prefilled: steps += 1
            case .generated(let piece):
                if text.tokens.isEmpty { steps += 1 }
                text.tokens.append(piece.token)
                text.probabilities.append(piece.probability)
            case .finished: break loop
            }
        }
        try generation.savePrompt()
        let timings = generation.timings
        #expect(timings.prefillTokens + timings.cachedTokens == prompt.count)
        return (text, timings.cachedTokens, steps)
    }

    static func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
}
