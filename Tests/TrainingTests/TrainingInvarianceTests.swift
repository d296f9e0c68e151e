import GPT2
import Layers
import Runtime
import Tensors
import TestSupport
import Testing

/// Training runs the forward pass that generates, and what it computes depends on the weights and the tokens alone.
@Suite("Training's forward pass") struct TrainingInvarianceTests {
    private static func model(dropout: Double = 0) -> GPT2 {
        var configuration = GPT2Configuration()
        configuration.vocabularySize = 97
        configuration.contextLength = 160
        configuration.channels = 36
        configuration.layers = 2
        configuration.heads = 3
        configuration.innerChannels = 80
        configuration.embeddingDropout = dropout
        configuration.attentionDropout = dropout
        configuration.residualDropout = dropout
        var model = GPT2(configuration, seed: 4)
        // Fresh weights are small; these leave their mark on every bit.
        model.updateParameters { path, parameter in
            let noise = Tensor.normal(parameter.shape, deviation: 0.15, seed: UInt64(path.utf8.count))
            parameter = ForwardContext().add(parameter.asConstant, noise).detached.asParameter
        }
        return model
    }

    private static func tokens(_ count: Int, from first: Int) -> [Int] {
        (first..<first + count).map { $0 * $0 % 97 }
    }

    // MARK: Whole sequences and caches

    @Test("whole sequences give the bits that caches give", arguments: [1, 2, 3])
    func wholeAndCached(threads: Int) throws {
        let model = Self.model()
        let context = ForwardContext(team: Team(threads: threads))
        let sequences = [1, 33, 150, 16, 65].enumerated().map { Self.tokens($1, from: $0 * 7) }
        var whole = ForwardBatch()
        for sequence in sequences { try whole.append(whole: sequence) }
        let expected = model.logits(whole, rows: .all, context).values

        var recording = context
        _ = recording.startTape()
        #expect(model.logits(whole, rows: .all, recording).values == expected, "under a tape")

        for network in [model, model.packed()] {
            #expect(network.logits(whole, rows: .all, context).values == expected)
            var together = ForwardBatch()
            for sequence in sequences {
                try together.append(sequence, to: KVCache(for: network, capacity: sequence.count))
            }
            #expect(network.logits(together, rows: .all, context).values == expected, "all at once")
            for chunk in [1, 7, 40] {
                let found = try sequences.flatMap { sequence in
                    let cache = KVCache(for: network, capacity: sequence.count)
                    return try stride(from: 0, to: sequence.count, by: chunk).flatMap { start in
                        var batch = ForwardBatch()
                        try batch.append(sequence[start..<min(start + chunk, sequence.count)], to: cache)
                        return network.logits(batch, rows: .all, context).values
                    }
                }
                #expect(found == expected, "chunks of \(chunk)")
            }
        }
    }

    // MARK: Batches in parts

    private static let (rows, length) = (4, 37)

    private static func batch(_ rows: Range<Int>) throws -> (batch: ForwardBatch, targets: [Int32]) {
        var batch = ForwardBatch()
        var targets: [Int32] = []
        for row in rows {
            try batch.append(whole: tokens(length, from: row * 31))
            targets += tokens(length, from: row * 31 + 1).map(Int32.init)
        }
        return (batch, targets)
    }

    @Test("dropout takes the same elements of a batch in one piece and in parts", arguments: [1, 2])
    func hiddenStatesInParts(rowsTogether: Int) throws {
        let model = Self.model(dropout: 0.2)
        func hidden(_ rows: Range<Int>) throws -> [Float] {
            var context = ForwardContext()
            context.dropout = DropoutStream(seed: 3, step: 5, firstRow: rows.lowerBound * Self.length)
            return try model.hiddenStates(Self.batch(rows).batch, context).values
        }
        let parts = try stride(from: 0, to: Self.rows, by: rowsTogether).flatMap { try hidden($0..<$0 + rowsTogether) }
        #expect(try parts == hidden(0..<Self.rows))
        #expect(try hidden(0..<1) != hidden(1..<2))
    }

    @Test("gradients of a batch in one piece and of its rows added up", arguments: [0, 0.2])
    func gradientsInParts(dropout: Double) throws {
        let model = Self.model(dropout: dropout)
        func gradients(rowsTogether: Int) throws -> Gradients {
            let gradients = Gradients()
            for first in stride(from: 0, to: Self.rows, by: rowsTogether) {
                var context = ForwardContext()
                context.dropout = DropoutStream(seed: 3, step: 5, firstRow: first * Self.length)
                let tape = context.startTape(addingTo: gradients)
                let (batch, targets) = try Self.batch(first..<first + rowsTogether)
                let loss = model.loss(batch, targets: targets, context)
                let share = Tensor([Float(rowsTogether) / Float(Self.rows)], shape: Shape(1))
                try tape.gradients(of: loss, seed: share, context: context)
            }
            return gradients
        }
        let whole = try gradients(rowsTogether: Self.rows)
        let parts = try gradients(rowsTogether: 1)
        for (path, parameter) in model.parameters {
            let wanted = try #require(whole[parameter]).values
            let found = try #require(parts[parameter]).values
            let largest = wanted.reduce(0) { max($0, abs($1)) }
            let error = largestDifference(found, wanted)
            #expect(error <= 2e-6 * Double(largest), "\(path): \(error) of \(largest)")
        }
    }

    // MARK: Looking on

    @Test("a tap that only looks changes no bit of the gradients", arguments: [false, true])
    func readingTaps(recompute: Bool) throws {
        let model = Self.model(dropout: 0.2)
        func gradients(_ taps: Taps?) throws -> [[Float]] {
            var context = ForwardContext(taps: taps)
            context.dropout = DropoutStream(seed: 3, step: 5)
            let tape = context.startTape()
            let (batch, targets) = try Self.batch(0..<2)
            let loss = model.loss(batch, targets: targets, recompute: recompute, context)
            let gradients = try tape.gradients(of: loss, context: context)
            return try [loss.values] + model.parameters.map { try #require(gradients[$0.tensor]).values }
        }
        let taps = Taps()
        var seen: Set<TapPoint.Site> = []
        for site in TapPoint.Site.allCases {
            for layer in [nil, 0, 1] { taps.read(TapPoint(site, layer: layer)) { _ in seen.insert(site) } }
        }
        #expect(try gradients(taps) == gradients(nil))
        #expect(seen == Set(TapPoint.Site.allCases).subtracting([.logits]))
    }
}
