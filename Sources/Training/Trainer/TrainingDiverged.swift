/// Training has left the range of sensible numbers, and stopped before that got into further weights.
public struct TrainingDiverged: Error, CustomStringConvertible {
    /// The step that failed, counted from 1, or the one after which the validation did.
    public let step: Int
    /// What went wrong.
    public let cause: Cause
    /// The last checkpoint whose weights gave sensible numbers, if there is one.
    public var checkpoint: String?

    public enum Cause: Sendable, Equatable {
        /// The loss or the gradients of a batch; where in the training tokens its sequences start.
        case batch(loss: Double, gradientNorm: Double, starts: [Int])
        /// The loss on the validation data.
        case validation(loss: Double)
    }

    package init(step: Int, loss: Double, gradientNorm: Double, starts: [Int]) {
        self.step = step
        cause = .batch(loss: loss, gradientNorm: gradientNorm, starts: starts)
    }

    package init(step: Int, validationLoss: Double) {
        self.step = step
        cause = .validation(loss: validationLoss)
    }

    public var description: String {
        func text(_ number: Double) -> String { number.isNaN ? "not a number" : "\(number)" }
        let problem: String
        switch cause {
        case .batch(let loss, let norm, let starts):
            let shown = starts.prefix(16).map(String.init).joined(separator: ", ") + (starts.count > 16 ? ", …" : "")
            problem =
                "the loss is \(text(loss)) and the gradients' norm \(text(norm)), on the sequences that start at tokens \(shown)"
        case .validation(let loss): problem = "the validation loss is \(text(loss))"
        }
        let cure = "with a lower --learning-rate, more --warmup-steps or a lower --clip"
        let advice =
            checkpoint.map { "The last good state is \($0): start from it with --init and another --out, \(cure)." }
            ?? "There is no good checkpoint: start again in another folder, \(cure)."
        return "step \(step): \(problem). \(advice)"
    }
}
