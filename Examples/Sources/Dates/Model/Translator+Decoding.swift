package import Tensors

extension Translator {
    /// The best translations of each phrase, the best first, found by beam search; none if all are longer than asked for.
    ///
    /// All beams of all phrases take each step together, in one pass of the decoder over the same memory.
    ///
    /// - Parameters:
    ///   - phrases: their characters as tokens, of any lengths.
    ///   - longest: the most characters that a translation may have; a date has ten.
    package func translate(
        _ phrases: [[Int32]], beamWidth: Int = 4, longest: Int = 10, _ context: ForwardContext
    ) -> [[Beam.Hypothesis]] {
        let length = phrases.map(\.count).max() ?? 0
        let phrases = phrases.map { $0.padded(to: length) }
        let memory = encode(phrases, context)
        var beams = phrases.map { _ in Beam(width: beamWidth, end: Alphabet.end) }
        for _ in 0...longest {
            // Which phrase each open hypothesis belongs to.
            let owners = beams.indices.flatMap { index in beams[index].open.map { _ in index } }
            if owners.isEmpty { break }
            let beginnings = beams.flatMap { $0.open.map { [Alphabet.start] + $0.tokens } }
            let logits = decode(
                beginnings, of: owners.map { phrases[$0] }, memory: memory.sequences(owners, context), context)
            let rows = logits.rows / owners.count
            var next = owners.indices.map { logSoftmax(logits.row(($0 + 1) * rows - 1)) }[...]
            for index in beams.indices {
                let count = beams[index].open.count
                beams[index].advance(Array(next.prefix(count)))
                next = next.dropFirst(count)
            }
        }
        return beams.map { $0.hypotheses.filter(\.isFinished) }
    }
}

extension Tensor {
    /// Some sequences of [B, S, C], in the order asked for.
    fileprivate func sequences(_ indices: [Int], _ context: ForwardContext) -> Tensor {
        let (length, channels) = (shape[1], shape[2])
        let rows = context.gather(indices.map(Int32.init), reshaped(Shape(shape[0], length * channels)))
        return rows.reshaped(Shape(indices.count, length, channels))
    }
}
