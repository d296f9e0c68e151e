import GPT2
import Runtime
import Tensors
import TestSupport
import Testing

/// Runs a reference case's model in as many ways as the tests ask for.
struct Runner {
    let model: GPT2

    init(model: GPT2) { self.model = model }

    init(_ reference: ReferenceCase, weights format: WeightFormat = .f32) throws {
        model = try CounterCheckpoint.with(reference) { try GPT2Model(directory: $0, weights: format).network }
    }

    /// One row of logits for each token, or for each of `rows`. The prompt goes in `chunk` tokens at a time.
    func logits(
        _ tokens: [Int], rows: [Int]? = nil, chunk: Int? = nil, _ context: ForwardContext = ForwardContext()
    ) throws -> [[Float]] {
        let cache = KVCache(for: model, capacity: tokens.count)
        let wanted = Set(rows ?? Array(tokens.indices))
        var found: [[Float]] = []
        var batch = ForwardBatch()
        for start in stride(from: 0, to: tokens.count, by: chunk ?? tokens.count) {
            let end = min(start + (chunk ?? tokens.count), tokens.count)
            batch.removeAll()
            try batch.append(tokens[start..<end], to: cache)
            let inside = (start..<end).filter(wanted.contains)
            if inside.isEmpty {
                _ = model.hiddenStates(batch, rows: .none, context)
                continue
            }
            let onlyLast = inside == [end - 1]
            let logits = model.logits(batch, rows: onlyLast ? .last : .all, context)
            found += onlyLast ? [logits.row(0)] : inside.map { logits.row($0 - start) }
        }
        return found
    }

    /// All rows of several prompts that go in together, sequence after sequence, and then of one more token each.
    func logits(together prompts: [[Int]], then next: [Int], _ context: ForwardContext) throws -> [[[Float]]] {
        let caches = prompts.map { KVCache(for: model, capacity: $0.count + 1) }
        var batch = ForwardBatch()
        for (prompt, cache) in zip(prompts, caches) { try batch.append(prompt, to: cache) }
        let first = model.logits(batch, rows: .all, context)
        let starts = batch.spans.map(\.firstRow)
        var found = zip(prompts, starts).map { prompt, start in prompt.indices.map { first.row(start + $0) } }
        batch.removeAll()
        for (token, cache) in zip(next, caches) { try batch.append([token], to: cache) }
        let second = model.logits(batch, context)
        for index in found.indices { found[index].append(second.row(index)) }
        return found
    }

    /// The most likely continuation of `prompt`, one token at a time.
    func greedy(_ prompt: [Int], count: Int, _ context: ForwardContext = ForwardContext()) throws -> [Int] {
        let cache = KVCache(for: model, capacity: prompt.count + count)
        var batch = ForwardBatch()
        var next = prompt
        var found: [Int] = []
        while found.count < count {
            batch.removeAll()
            try batch.append(next, to: cache)
            let row = model.logits(batch, context).row(0)
            next = [row.indices.max { row[$0] < row[$1] } ?? 0]
            found += next
        }
        return found
    }
}

/// The 124M shape, made once: 500 MB of weights take a while.
enum Large {
    static let isSkipped = Processor.instructionSet == "scalar"
    static let reason: Comment = "the 124M shape takes too long without vector instructions"
    static let reference = Result { try Fixtures.reference("gpt2-124m") }
    static let runner = Result { try Runner(reference.get()) }
}
