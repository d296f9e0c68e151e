import Files
import Foundation
import TestSupport
import Testing
import Tokenizers
import Training

/// The study of block designs, on a network so deep that a part without a way around it loses the signal.
@Suite struct BlockStudyTests {
    private func records(steps: Int) throws -> (study: BlockStudy, records: [BlockStudy.Record]) {
        let folder = try TemporaryFolder()
        let words = (0..<500).map { "the cat \($0 * 7919 % 97) sat\n" }
        let text = try folder.write("text.txt", words.joined().utf8)
        let data = try TrainingData.prepare(texts: [text], tokenizer: .characters, folder: "\(folder.path)/tokens")
        var study = BlockStudy()
        study.shape.layers = 8
        study.shape.channels = 32
        study.shape.context = 16
        study.batchSize = 4
        study.steps = steps
        study.learningRate = 3e-3
        study.lookEvery = 5
        return (study, try study.run(data))
    }

    @Test func residualConnectionsLetADeepStackLearn() throws {
        let (study, records) = try records(steps: 60)
        #expect(records.map(\.design) == BlockDesign.allCases)
        let byDesign = Dictionary(uniqueKeysWithValues: records.map { ($0.design, $0) })
        let preNorm = try #require(byDesign[.preNorm])
        let neither = try #require(byDesign[.neither])
        for record in records {
            #expect(record.losses.count == 60)
            #expect(record.lookedAt == Array(stride(from: 1, through: 60, by: 5)))
            #expect(record.gradientNorms.allSatisfy { $0.count == 8 })
            #expect(record.activationSizes.allSatisfy { $0.count == 9 })
            for (sizes, means) in zip(record.activationSizes, record.activationMeans) {
                #expect(means.count == 9 && zip(sizes, means).allSatisfy { $0 >= abs($1) })
            }
            // The same batches: the same guess.
            #expect(record.frequencyLoss == records[0].frequencyLoss)
        }
        // All start from the same weights and know nothing: ln of the vocabulary's size.
        #expect(records.allSatisfy { abs($0.losses[0] - records[0].losses[0]) < 0.1 })
        // Sixty steps are enough to do better than a guess, and a part without a way around it is not.
        #expect((2...3.2).contains(preNorm.frequencyLoss), "\(preNorm.frequencyLoss)")
        #expect(preNorm.losses[59] < preNorm.frequencyLoss)
        // What enters the first block is the same for all: the weights and the batches are.
        #expect(Set(records.compactMap { $0.activationSizes.first?.first }).count == 1)
        #expect(preNorm.losses[59] < preNorm.losses[0] - 0.5)
        #expect(preNorm.losses[59] < neither.losses[59] - 0.2)
        // Without norm and way around, what came in has faded away at the end of the first pass, and with it the gradient.
        let (sizes, gradients) = (neither.activationSizes[0], neither.gradientNorms[0])
        #expect(sizes[8] < sizes[0] / 1000)
        #expect(gradients[0] < preNorm.gradientNorms[0][0] / 1000)

        let page = BlockStudyPage(study, records).html
        for design in BlockDesign.allCases { #expect(page.contains(design.rawValue)) }
        #expect(page.components(separatedBy: "<svg").count - 1 == 1 + 3 * BlockDesign.allCases.count)
        #expect(page.components(separatedBy: "<polyline").count - 1 == BlockDesign.allCases.count + 1)
        #expect(page.components(separatedBy: "<details").count - 1 == BlockDesign.allCases.count)
        #expect(
            page.components(separatedBy: "http").count
                == page.components(separatedBy: "http://www.w3.org/2000/svg").count)
        for part in ["src=", "href=", "url(", "@import", "<script", "<link"] {
            #expect(!page.contains(part), "\(part)")
        }
    }

    @Test func aNetworkThatMemoryDoesNotHoldIsRefused() throws {
        let folder = try TemporaryFolder()
        let text = try folder.write("text.txt", String(repeating: "the cat sat\n", count: 100).utf8)
        let data = try TrainingData.prepare(texts: [text], tokenizer: .characters, folder: "\(folder.path)/tokens")
        var study = BlockStudy()
        (study.shape.layers, study.shape.channels) = (100_000, 100_000)
        do { _ = try study.run(data) } catch let error as InputError {
            #expect(error.problem.contains("which the system does not give"))
            return
        }
        Issue.record("a study of 1e15 weights ran")
    }
}
