import GPT2
import Layers
import Tensors
import TestSupport
import Testing
import Training

@Suite("Training against PyTorch")
struct ReferenceTrainingTests {
    private func targets(_ rows: [[Int]]) -> [Int32] { rows.flatMap { $0.dropFirst().map(Int32.init) } }

    @Test("every gradient of the first step", arguments: TrainingReference.names, [false, true])
    func gradients(name: String, recompute: Bool) throws {
        let reference = try TrainingReference(name)
        let model = try TrainingReference.model(name)
        var context = ForwardContext()
        let tape = context.startTape()
        let rows = reference.batches[0]
        let loss = model.loss(try ForwardBatch(rows: rows), targets: targets(rows), recompute: recompute, context)
        #expect(abs(Double(loss.values[0]) - reference.losses[0]) < 1e-5 * reference.losses[0])
        let gradients = try tape.gradients(of: loss, context: context)
        let expected = try TrainingReference.gradients(name)
        #expect(Set(expected.keys) == Set(model.parameters.map(\.path)))
        for (path, parameter) in model.parameters {
            let found = try #require(gradients[parameter], "\(path)").values
            let wanted = try #require(expected[path])
            #expect(found.count == wanted.count)
            let largest = wanted.reduce(0) { max($0, abs($1)) }
            let error = largestDifference(found, wanted)
            #expect(error <= 1e-5 * Double(largest), "\(path): \(error) of \(largest)")
        }
        #expect(abs(gradients.norm(of: model, context) - reference.norms[0]) < 1e-5 * reference.norms[0])
    }

    @Test("AdamW steps", arguments: TrainingReference.names)
    func steps(name: String) throws {
        let reference = try TrainingReference(name)
        var model = try TrainingReference.model(name)
        var settings = AdamW.Settings()
        settings.beta1 = reference.settings.beta1
        settings.beta2 = reference.settings.beta2
        settings.epsilon = reference.settings.epsilon
        settings.weightDecay = reference.settings.weightDecay
        var optimizer = AdamW(settings)
        var context = ForwardContext()
        for (step, rows) in reference.batches.enumerated() {
            let tape = context.startTape()
            let loss = model.loss(try ForwardBatch(rows: rows), targets: targets(rows), context)
            let gradients = try tape.gradients(of: loss, context: context)
            let norm = gradients.norm(of: model, context)
            #expect(abs(Double(loss.values[0]) - reference.losses[step]) < 1e-4, "step \(step)")
            #expect(abs(norm - reference.norms[step]) < 1e-3 * reference.norms[step], "step \(step)")
            optimizer.update(
                &model, gradients: gradients, rate: reference.settings.learningRate,
                scale: min(1, reference.settings.clip / (norm + 1e-6)), context)
        }
    }
}
