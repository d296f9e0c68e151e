import ArgumentParser
import Files
import GPT2
import Runtime
import Support
import Tensors
import Training

@main
struct Sort: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sort",
        abstract: "Teaches a small GPT-2 to sort six digits, and tries it on all 729 sequences.",
        discussion: """
            minGPT's demonstration: three different digits, and a model of 3 layers, 3 heads and 48 channels. A quarter of \
            the sequences is kept out of training. Ends with status 1 unless all 729 come out sorted.
            """)

    @Option(help: "Training steps, of 64 sequences each.")
    var steps = 1000

    @Option(help: "What the first weights and the order of the training sequences follow from.")
    var seed: UInt64 = 1

    static func main() { runExample() }

    func validate() throws {
        if steps < 1 { throw ValidationError("--steps is \(steps), but must be at least 1.") }
    }

    func run() throws {
        // So small a model leaves nothing for a second thread to do.
        let context = ForwardContext(team: Team(threads: 1))
        let trained = SortingTask.trainingInputs(seed: seed)
        let model = try train(on: trained, context)

        let inputs = SortingTask.allInputs
        let outputs = try sortGreedily(inputs, model, context)
        for index in [1, 123, 456] { print("\(inputs[index].digits) -> \(outputs[index].digits)") }
        let sorted = zip(inputs, outputs).count { $0.sorted() == $1 }
        print("\(sorted) of \(inputs.count) sorted, \(inputs.count - trained.count) of them unseen in training")
        if sorted < inputs.count {
            note("Error: all \(inputs.count) must be sorted. Train with more --steps or another --seed.")
            throw ExitCode.failure
        }
    }

    private func train(on inputs: [[Int]], _ context: ForwardContext) throws -> GPT2 {
        var context = context
        var model = GPT2.forSorting(seed: seed)
        var adamW = AdamW()
        let gradients = Gradients()
        var progress = Progress(steps: steps)
        for step in 0..<steps {
            var random = PhiloxGenerator(seed: seed, stream: UInt64(step) + 1)
            let (batch, targets) = try SortingTask.batch(
                (0..<64).map { _ in inputs[.random(in: inputs.indices, using: &random)] })
            let tape = context.startTape(addingTo: gradients)
            let loss = model.loss(batch, targets: targets, context)
            try tape.gradients(of: loss, context: context)
            context.endTape()
            let norm = gradients.norm(of: model, context)
            adamW.update(
                &model, gradients: gradients, rate: schedule.rate(at: step), scale: norm > 1 ? 1 / norm : 1, context)
            gradients.removeAll()
            progress.show(step: step + 1, loss: Double(loss.values[0]))
        }
        return model
    }

    private var schedule: Schedule {
        Schedule(.cosine, peak: 1e-3, warmupSteps: min(100, steps / 10), decayEnd: steps)
    }

    /// The digit that the model thinks likeliest, six times.
    private func sortGreedily(_ inputs: [[Int]], _ model: GPT2, _ context: ForwardContext) throws -> [[Int]] {
        var sequences = inputs
        for _ in 0..<SortingTask.length {
            var batch = ForwardBatch()
            for sequence in sequences { try batch.append(whole: sequence) }
            let logits = model.logits(batch, context)  // [729, 3]
            for index in sequences.indices {
                let row = logits.row(index)
                sequences[index].append(row.indices.max { row[$0] < row[$1] } ?? 0)
            }
        }
        return sequences.map { Array($0.suffix(SortingTask.length)) }
    }
}

extension [Int] {
    fileprivate var digits: String { map(String.init).joined() }
}
