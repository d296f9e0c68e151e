import Tensors
import Testing

/// Wrong shapes stop the program with a sentence instead of reading or writing what lies beyond a tensor.
@Suite("Preconditions") struct PreconditionTests {
    @Test func normsOfOtherWidths() async {
        await #expect(processExitsWith: .failure) {
            _ = ForwardContext().layerNorm(.zeros(Shape(2, 40)), gain: .zeros(Shape(8)), bias: nil, epsilon: 1e-5)
        }
        await #expect(processExitsWith: .failure) {
            let wide = Tensor.zeros(Shape(40))
            _ = ForwardContext().layerNorm(.zeros(Shape(2, 40)), gain: wide, bias: .zeros(Shape(8)), epsilon: 1e-5)
        }
        await #expect(processExitsWith: .failure) {
            let (wide, narrow) = (Tensor.zeros(Shape(40)), Tensor.zeros(Shape(8)))
            _ = ForwardContext().textbookLayerNorm(.zeros(Shape(2, 40)), gain: wide, bias: narrow, epsilon: 1e-5)
        }
        await #expect(processExitsWith: .failure) {
            let (x, gain) = (Tensor.zeros(Shape(3, 8)), Tensor.zeros(Shape(8)))
            _ = ForwardContext().normalize(x, statistics: .zeros(Shape(2, 2)), gain: gain, bias: nil)
        }
    }

    @Test func spansOfCaches() async {
        attend(layer: 1, row: 1, count: 2, position: 3)
        await #expect(processExitsWith: .failure) { attend(layer: 2) }
        await #expect(processExitsWith: .failure) { attend(layer: -1) }
        await #expect(processExitsWith: .failure) { attend(heads: 3) }
        await #expect(processExitsWith: .failure) { attend(row: 1) }
        await #expect(processExitsWith: .failure) { attend(position: 3) }
        await #expect(processExitsWith: .failure) { attend(position: -1) }
    }

    @Test func paddingThatLiesAcross() async {
        attend(padding: Shape(12))
        attend(padding: Shape(4, 3))
        await #expect(processExitsWith: .failure) { attend(padding: Shape(3, 4)) }
        await #expect(processExitsWith: .failure) { attend(padding: Shape(4, 2)) }
    }

    @Test func whatIsNoMatrix() async {
        await #expect(processExitsWith: .failure) { _ = ForwardContext().orthogonalized(.zeros(Shape(4, 2, 3))) }
        await #expect(processExitsWith: .failure) { _ = ForwardContext().gather([0, 3], .zeros(Shape(4))) }
    }

    @Test func stepsBelowZero() async {
        await #expect(processExitsWith: .failure) { _ = DropoutStream(seed: 1, step: -1) }
    }
}

/// Keys and values of three rows in a cache of two layers and five positions.
private func attend(layer: Int = 0, heads: Int = 2, row: Int = 0, count: Int = 3, position: Int = 0) {
    let cache = KVCache(layers: 2, heads: heads, headSize: 2, capacity: 5)
    let span = SequenceSpan(cache: cache, firstRow: row, count: count, firstPosition: position)
    let (context, projections) = (ForwardContext(), Tensor.zeros(Shape(3, 12)))
    context.storeKeysAndValues(projections, spans: [span], layer: layer)
    _ = context.attention(projections, spans: [span], layer: layer, scale: 1)
}

/// Attention of four sequences to three keys each.
private func attend(padding shape: Shape) {
    let x = Tensor.zeros(Shape(12, 2))
    _ = ForwardContext().multiHeadAttention(
        queries: TensorColumns(x), keys: TensorColumns(x), values: TensorColumns(x), heads: 1, scale: 1,
        spans: AttentionSpan.sequences(4, queries: 3, keys: 3), mask: AttentionMask(keyPadding: .zeros(shape)))
}
