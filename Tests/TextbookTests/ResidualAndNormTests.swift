import GPT2
import Layers
import Tensors
import Testing

@Suite("Where the text is loose: residual connections, layer norm, feed-forward networks")
struct ResidualAndNormTests {
    private let x = Tensor.normal(Shape(4, 6), deviation: 3, seed: 1)

    private func zeroed<M: Module>(_ module: M) -> M {
        var module = module
        module.updateParameters { _, parameter in parameter = Tensor.zeros(parameter.shape).asParameter }
        return module
    }

    @Test("1: a ReLU after the sum breaks the identity path") func aReLUAfterTheSum() throws {
        var generator = WeightGenerator(seed: 0)
        let textbook = zeroed(ResidualBlock(6, hidden: 8, using: &generator))
        let gpt2 = zeroed(FeedForward(6, inner: 8, activation: .geluNew, using: &generator))

        var context = ForwardContext()
        var tape = context.startTape()
        let input = x.asParameter
        // Parts that add nothing: GPT-2's sum hands x on as it is, and its gradient too.
        let kept = gpt2(input, adding: input, context)
        #expect(kept.values == x.values)
        let gradient = try #require(try tape.gradients(of: context.sum(kept), context: context)[input])
        #expect(gradient.values.allSatisfy { $0 == 1 })

        // The textbook's block has lost what was negative, and no gradient comes back there.
        tape = context.startTape()
        let cut = textbook(input, context)
        #expect(cut.values == x.values.map { max($0, 0) })
        #expect(cut.values != x.values)
        let lost = try #require(try tape.gradients(of: context.sum(cut), context: context)[input])
        #expect(lost.values == x.values.map { $0 > 0 ? 1 : 0 })
    }

    /// Mean and variance of a row; `n` is what the sum of squares is divided by.
    private func moments(_ row: [Float], dividingBy n: Int) -> (mean: Double, variance: Double) {
        let mean = row.reduce(0.0) { $0 + Double($1) } / Double(row.count)
        return (mean, row.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(n))
    }

    @Test("2: mean 0 and variance 1, not mean 1; n - 1 makes another variance") func meanZero() {
        let context = ForwardContext()
        let (printed, standard) = norms(x, context)
        for row in 0..<4 {
            let (mean, variance) = moments(standard.row(row), dividingBy: 6)
            #expect(abs(mean) < 1e-6)
            #expect(abs(variance - 1) < 1e-4)
            #expect(abs(moments(printed.row(row), dividingBy: 6).mean) < 1e-6)
            #expect(abs(moments(printed.row(row), dividingBy: 5).variance - 1) < 1e-4)
            #expect(abs(moments(printed.row(row), dividingBy: 6).variance - 5.0 / 6) < 1e-4)
        }
    }

    @Test("2: where epsilon stands shows in rows that hardly vary") func epsilon() {
        let context = ForwardContext()
        let flat = Tensor([1, 1 + 1e-3, 1 - 1e-3, 1], shape: Shape(1, 4))
        let (printed, standard) = norms(flat, context)
        let inside = moments(standard.row(0), dividingBy: 4).variance
        let outside = moments(printed.row(0), dividingBy: 3).variance
        // var = 5e-7: var / (var + 1e-5) inside the root, almost 1 outside it.
        #expect(abs(inside - 5e-7 / (5e-7 + 1e-5)) < 1e-3)
        #expect(abs(outside - 1) < 1e-2)
    }

    @Test("2: it is no regulariser as dropout is: training changes nothing and draws nothing") func noRegulariser() {
        var training = ForwardContext()
        training.dropout = DropoutStream(seed: 1, step: 1)
        #expect(LayerNorm(6)(x, training).values == LayerNorm(6)(x, ForwardContext()).values)
        #expect(Dropout(0.5)(x, training).values != Dropout(0.5)(x, ForwardContext()).values)
    }

    @Test("5: GPT-2's network is four times as wide inside and bends with GELU") func feedForward() throws {
        var configuration = GPT2Configuration()
        (configuration.vocabularySize, configuration.contextLength) = (11, 8)
        (configuration.channels, configuration.heads, configuration.layers) = (24, 2, 1)
        configuration.innerChannels = 4 * configuration.channels
        let network = GPT2(configuration, seed: 1).blocks[0].feedForward
        #expect(network.inner.weight.outputs == 96)
        #expect(network.activation == .geluNew)
        let context = ForwardContext()
        let bent = context.activate(Tensor([-1, 0, 1], shape: Shape(3)), .geluNew).values
        let cut = context.activate(Tensor([-1, 0, 1], shape: Shape(3)), .relu).values
        #expect(cut == [0, 0, 1])
        #expect(abs(bent[0] + 0.1588) < 1e-3 && bent[1] == 0 && abs(bent[2] - 0.8412) < 1e-3)
    }
}
