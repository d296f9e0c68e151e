import Layers
import Tensors
import Training

/// Teaches the model a text, and returns its loss at each step.
func train(_ model: inout LanguageModel, on text: [Int32], steps: Int) throws -> [Float] {
    var optimizer = AdamW()
    var context = ForwardContext()
    var losses: [Float] = []
    for step in 0..<steps {
        context.dropout = DropoutStream(seed: 1, step: step)
        let tape = context.startTape()
        let logits = model([text.dropLast()], context)
        let loss = context.crossEntropy(logits, targets: Array(text.dropFirst()))
        let gradients = try tape.gradients(of: loss, context: context)
        optimizer.update(&model, gradients: gradients, rate: 3e-3, context)
        losses.append(loss.values[0])
    }
    return losses
}
