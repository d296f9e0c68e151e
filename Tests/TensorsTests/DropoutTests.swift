import Tensors
import Testing

@Suite("Dropout") struct DropoutTests {
    private func context(step: Int = 3, firstRow: Int = 0) -> ForwardContext {
        var context = ForwardContext()
        context.dropout = DropoutStream(seed: 7, step: step, firstRow: firstRow)
        return context
    }

    private func attention(_ context: ForwardContext, _ x: Tensor, _ spans: [AttentionSpan]) -> Tensor {
        context.multiHeadAttention(
            queries: TensorColumns(x, 0..<6), keys: TensorColumns(x, 6..<12), values: TensorColumns(x, 12..<18),
            heads: 2, scale: 0.5, spans: spans, mask: .causal, dropoutRate: 0.4)
    }

    /// A batch drops the same elements whole and in parts.
    @Test(arguments: [1, 2, 4]) func splitBatches(parts: Int) {
        let (length, sequences) = (5, 4)
        let x = Tensor.normal(Shape(sequences * length, 18), seed: 1)
        let whole = context()
        let expected = [
            whole.dropout(x, rate: 0.3),
            attention(whole, x, AttentionSpan.sequences(sequences, queries: length, keys: length)),
            whole.dropout(x, rate: 0.3),
        ]
        var found: [[Float]] = [[], [], []]
        let count = sequences / parts * length
        for first in stride(from: 0, to: sequences * length, by: count) {
            let part = context(firstRow: first)
            let rows = part.rows(x, first..<first + count)
            found[0] += part.dropout(rows, rate: 0.3).values
            found[1] +=
                attention(
                    part, rows, AttentionSpan.sequences(sequences / parts, queries: length, keys: length)
                ).values
            found[2] += part.dropout(rows, rate: 0.3).values
        }
        #expect(found == expected.map(\.values))
        #expect(found[0] != found[2])
    }

    /// By sequences, as where the tensors of a pass have different lengths.
    @Test func sequencesOfTwoLengths() {
        let tensors = [Tensor.normal(Shape(8, 18), seed: 1), Tensor.normal(Shape(20, 18), seed: 2)]
        func dropped(_ sequences: Range<Int>) -> [[Float]] {
            var context = ForwardContext()
            context.dropout = DropoutStream(
                seed: 7, step: 3, firstSequence: sequences.lowerBound, sequences: sequences.count)
            return tensors.flatMap { x -> [[Float]] in
                let length = x.rows / 4
                let part = context.rows(x, sequences.lowerBound * length..<sequences.upperBound * length)
                let spans = AttentionSpan.sequences(sequences.count, queries: length, keys: length)
                return [context.dropout(part, rate: 0.3).values, attention(context, part, spans).values]
            }
        }
        let (whole, first, rest) = (dropped(0..<4), dropped(0..<1), dropped(1..<4))
        #expect(zip(first, rest).map { $0 + $1 } == whole)
    }

    @Test func stepsAndPlacesDiffer() {
        let x = Tensor([Float](repeating: 1, count: 1000), shape: Shape(10, 100))
        let one = context()
        let masks = [
            one.dropout(x, rate: 0.5), one.dropout(x, rate: 0.5), context(step: 4).dropout(x, rate: 0.5),
            context(firstRow: 10).dropout(x, rate: 0.5),
        ].map(\.values)
        #expect(Set(masks).count == 4)
        for mask in masks {
            #expect(Set(mask) == [0, 2])
            #expect((420...580).contains(mask.count { $0 == 0 }))
        }
    }

    /// No two weights of an attention share a random number: with all scores equal, each head of each query has a mask
    /// of its own.
    @Test func attentionMasksDiffer() throws {
        let (rows, heads, keys) = (6, 5, 64)
        // Each head's values tell the keys apart, one channel a key.
        let values = (0..<rows * keys).map { row in
            (0..<heads * keys).map { Float($0 % keys == row % keys ? keys : 0) }
        }
        let value = Tensor(values.flatMap(\.self), shape: Shape(rows * keys, heads * keys))
        let zero = Tensor.zeros(value.shape)
        let found = context().multiHeadAttention(
            queries: TensorColumns(.zeros(Shape(rows * 2, heads * keys))), keys: TensorColumns(zero),
            values: TensorColumns(value), heads: heads, scale: 1,
            spans: AttentionSpan.sequences(rows, queries: 2, keys: keys), dropoutRate: 0.5)
        let masks = (0..<rows * 2).flatMap { row in
            (0..<heads).map { head in Array(found.row(row)[head * keys..<(head + 1) * keys]) }
        }
        #expect(Set(masks).count == rows * 2 * heads)
        #expect(Set(masks.joined()) == [0, 2])
        // Nor does one begin within another.
        for (one, other) in [(0, 1), (0, heads), (1, heads)] {
            for shift in 1..<keys - 16 {
                #expect(masks[one].dropFirst(shift) != masks[other].dropLast(shift))
            }
        }
    }

    /// Positions far into a step stay in range.
    @Test func manyRows() {
        let x = Tensor.normal(Shape(5, 18), seed: 1)
        let far = context(firstRow: 1 << 34)
        let found = attention(far, x, AttentionSpan.sequences(1, queries: 5, keys: 5))
        #expect(found.isFinite)
    }

    @Test func nothingToDrop() {
        let x = Tensor.normal(Shape(2, 3), seed: 1)
        #expect(context().dropout(x, rate: 0).values == x.values)
        #expect(ForwardContext().dropout(x, rate: 0.5).values == x.values)
        #expect(ForwardContext().drops(0.5) == false)
    }
}
