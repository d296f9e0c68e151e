import Foundation
import GPT2
import StoryModel
import StoryModelData
import Tensors
import Testing

@Suite struct StoryModelTests {
    /// What the package costs whoever clones it.
    @Test func isAtMostTwelveMegabytes() {
        let files = [story_model_configuration(), story_model_tokenizer(), story_model_weights()]
        let size = files.map(\.count).reduce(0, +)
        #expect(size <= 12_000_000)
        #expect(files.allSatisfy { $0.count > 0 })
    }

    @Test func isTheModelOfItsCard() throws {
        let model = try StoryModel.load()
        var card = GPT2Configuration()
        card.vocabularySize = 4096
        card.contextLength = 512
        card.channels = 256
        card.layers = 4
        card.heads = 8
        card.innerChannels = 1024
        (card.embeddingDropout, card.attentionDropout, card.residualDropout) = (0, 0, 0)
        card.beginOfText = 4095
        card.endOfText = [4095]
        #expect(model.configuration == card)
        #expect(model.endOfText == [4095])
        #expect(model.tokenizer?.vocabularySize == 4096)
        #expect(model.warnings == [])
        #expect(model.source.storedTypes == ["F16": 52])
        #expect(model.network.head.weight.format == .f16)
    }

    @Test func saysWhatTransformersSays() throws {
        let reference = try Reference.load()
        let model = try StoryModel.load()
        let tokenizer = try #require(model.tokenizer)
        #expect(tokenizer.encode(reference.prompt) == reference.promptTokens)

        let tokens = reference.promptTokens + reference.continuation
        let cache = KVCache(for: model.network, capacity: tokens.count)
        var batch = ForwardBatch()
        try batch.append(tokens, to: cache)
        let logits = model.network.logits(batch, rows: .all, ForwardContext())
        for (row, expected) in zip(reference.rows, reference.logits) {
            for (column, value) in zip(reference.columns, expected) {
                #expect(abs(Double(logits[row, column]) - value) <= 1e-5 * reference.largestLogit)
            }
        }
        // The greedy choice after each token is the next one.
        for position in reference.promptTokens.count..<tokens.count {
            let row = logits.row(position - 1)
            #expect(row.indices.max { row[$0] < row[$1] } == tokens[position])
        }
        let text = try String(decoding: tokenizer.decode(reference.continuation), as: UTF8.self)
        #expect(text == reference.continuationText)
    }
}

/// Written by Fixtures/make_reference.py.
private struct Reference: Decodable {
    let prompt: String
    let promptTokens: [Int]
    let continuation: [Int]
    let continuationText: String
    let largestLogit: Double
    let rows: [Int]
    let columns: [Int]
    let logits: [[Double]]

    static func load() throws -> Reference {
        let file = try #require(Bundle.module.url(forResource: "Fixtures/reference", withExtension: "json"))
        return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    }
}
