internal import Layers
internal import Tensors

/// A small GPT-2 whose blocks follow one design; all else is alike.
struct StudyNetwork: Module {
    let design: BlockDesign
    var tokens: Embedding
    var positions: PositionEmbedding
    var blocks: [StudyBlock]
    var finalNorm: LayerNorm

    /// Weights of the same seed are the same in all designs, and as GPT-2's start: normal with deviation 0.02, of each part's
    /// last map with 0.02 / √(2 L).
    init(_ design: BlockDesign, _ shape: BlockStudy.Shape, vocabulary: Int, seed: UInt64) {
        var stream: UInt64 = 0
        func normal(_ rows: Int, _ columns: Int, deviation: Double = 0.02) -> Tensor {
            stream += 1
            return Tensor.normal(Shape(rows, columns), deviation: deviation, seed: seed, stream: stream).asParameter
        }
        func constant(_ value: Float, _ count: Int) -> Tensor {
            Tensor([Float](repeating: value, count: count), shape: Shape(count)).asParameter
        }
        func linear(_ inputs: Int, _ outputs: Int, deviation: Double = 0.02) -> Linear {
            Linear(weight: .inputsByOutputs(normal(inputs, outputs, deviation: deviation)), bias: constant(0, outputs))
        }
        let channels = shape.channels
        let last = 0.02 / Double(2 * shape.layers).squareRoot()
        func norm() -> LayerNorm {
            LayerNorm(gain: constant(1, channels), bias: constant(0, channels), epsilon: 1e-5)
        }
        self.design = design
        tokens = Embedding(table: .outputsByInputs(normal(vocabulary, channels)))
        positions = PositionEmbedding(table: normal(shape.context, channels))
        blocks = (0..<shape.layers).map { _ in
            StudyBlock(
                design: design, norm1: norm(),
                attention: MultiHeadAttention(
                    projection: linear(channels, 3 * channels), output: linear(channels, channels, deviation: last),
                    heads: shape.heads),
                norm2: norm(),
                feedForward: FeedForward(
                    inner: linear(channels, 4 * channels), activation: .geluNew,
                    output: linear(4 * channels, channels, deviation: last)))
        }
        finalNorm = norm()
    }

    /// What the head reads, [B T, C].
    ///
    /// - Parameter observe: shown what enters the first block and what leaves each.
    func callAsFunction(
        _ batch: TokenBatch, _ context: ForwardContext, observe: (Int, Tensor) -> Void = { _, _ in }
    ) -> Tensor {
        let places = (0..<batch.rows).flatMap { _ in (0..<Int32(batch.length)) }
        var x = context.add(tokens(batch.inputs, context), positions(places, context))
        observe(0, x)
        let spans = AttentionSpan.sequences(batch.rows, queries: batch.length, keys: batch.length)
        for (layer, block) in blocks.enumerated() {
            x = block(x, spans, context)
            observe(layer + 1, x)
        }
        return design.hasFinalNorm ? finalNorm(x, context) : x
    }

    func loss(
        _ batch: TokenBatch, _ context: ForwardContext, observe: (Int, Tensor) -> Void = { _, _ in }
    ) -> Tensor {
        context.linearCrossEntropy(self(batch, context, observe: observe), tokens.table, targets: batch.targets)
    }

    mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("tokens", &tokens)
        visitor("positions", &positions)
        visitor("blocks", &blocks)
        visitor("norm", &finalNorm)
    }
}

/// One block, put together as its design says.
struct StudyBlock: Module {
    let design: BlockDesign
    var norm1: LayerNorm
    var attention: MultiHeadAttention
    var norm2: LayerNorm
    var feedForward: FeedForward

    func callAsFunction(_ x: Tensor, _ spans: [AttentionSpan], _ context: ForwardContext) -> Tensor {
        let h = join(x, norm1, context) { attention($0, sequences: spans, mask: .causal, context) }
        return join(h, norm2, context) { feedForward($0, context) }
    }

    /// A part of the block with its norm and its way around.
    private func join(
        _ x: Tensor, _ norm: LayerNorm, _ context: ForwardContext, _ part: (Tensor) -> Tensor
    ) -> Tensor {
        switch design {
        case .preNorm: context.add(x, part(norm(x, context)))
        case .postNorm: norm(context.add(x, part(x)), context)
        case .noResidual: part(norm(x, context))
        case .noNorm: context.add(x, part(x))
        case .neither: part(x)
        }
    }

    mutating func visit(_ visitor: inout ModuleVisitor) {
        visitor("norm1", &norm1)
        visitor("attention", &attention)
        visitor("norm2", &norm2)
        visitor("feedForward", &feedForward)
    }
}
