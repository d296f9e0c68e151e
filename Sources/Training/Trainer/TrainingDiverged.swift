/// Training has left the range of sensible numbers, and stopped before it damaged the weights.
public struct TrainingDiverged: Error, CustomStringConvertible {
    /// The step that failed, counted from 1.
    public let step: Int
    public let loss: Double
    public let gradientNorm: Double
    /// Where in the training tokens the step's sequences start.
    public let starts: [Int]
    /// The last good checkpoint, if there is one.
    public var checkpoint: String?

    package init(step: Int, loss: Double, gradientNorm: Double, starts: [Int]) {
        self.step = step
        self.loss = loss
        self.gradientNorm = gradientNorm
        self.starts = starts
    }

    public var description: String {
        let shown = starts.prefix(16).map(String.init).joined(separator: ", ") + (starts.count > 16 ? ", …" : "")
        let state = checkpoint.map { "The last good state is \($0)" } ?? "There is no checkpoint yet"
        func text(_ number: Double) -> String { number.isNaN ? "not a number" : "\(number)" }
        return
            "step \(step): the loss is \(text(loss)) and the gradients' norm \(text(gradientNorm)), on the sequences that start at "
            + "tokens \(shown). \(state); go on from there with a lower --learning-rate, more --warmup-steps or a lower "
            + "--clip."
    }
}
