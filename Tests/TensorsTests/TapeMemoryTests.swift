import Runtime
import Tensors
import Testing

/// Activations go back to the pool as the backward pass consumes them. The pool keeps what it once had, so its size is
/// the peak.
@Suite("Memory of the tape") struct TapeMemoryTests {
    private static let (depth, rows, width) = (24, 64, 256)
    /// Bytes of one activation.
    private static let activation = rows * width * 4

    private let x = Tensor.normal(Shape(rows, width), seed: 1)
    private let weights = (0..<depth).map {
        Tensor.normal(Shape(width, width), deviation: 0.06, seed: UInt64($0)).asParameter
    }

    /// One step of a deep chain; the peaks after the forward pass and after all, in activations.
    private func step(_ context: inout ForwardContext, recompute: Bool, frozen: Bool = false) throws -> (Int, Int) {
        let tape = context.startTape()
        var y = frozen ? x.asParameter : x
        for weight in weights {
            let weight = frozen ? weight.asConstant : weight
            func layer(_ x: Tensor, _ context: ForwardContext) -> Tensor {
                context.linear(x, .inputsByOutputs(weight), activation: .geluNew, adding: x)
            }
            y = recompute ? context.recomputed(y, layer) : layer(y, context)
        }
        let loss = context.sum(y)
        let forward = context.poolByteCount
        try tape.gradients(of: loss, context: context)
        return (forward / Self.activation, context.poolByteCount / Self.activation)
    }

    @Test func theSecondStepNeedsNoMore() throws {
        for recompute in [false, true] {
            var context = ForwardContext(team: Team(threads: 1))
            _ = try step(&context, recompute: recompute)
            let first = context.poolByteCount
            for _ in 0..<2 { _ = try step(&context, recompute: recompute) }
            #expect(context.poolByteCount == first)
        }
    }

    /// Backwards, gradients live in the memory that activations leave.
    @Test func activationsReturnAsTheyAreConsumed() throws {
        var context = ForwardContext(team: Team(threads: 1))
        let (forward, all) = try step(&context, recompute: false, frozen: true)
        // What the activation was given, and what came out: the linear map's sum, the activation's value, the block's.
        #expect((3 * Self.depth..<3 * Self.depth + 10).contains(forward), "\(forward) activations")
        #expect(all <= forward + 3, "\(all) activations after \(forward)")
    }

    @Test func recomputationKeepsOnlyWhatEntersABlock() throws {
        var context = ForwardContext(team: Team(threads: 1))
        let kept = try step(&context, recompute: false, frozen: true)
        context = ForwardContext(team: Team(threads: 1))
        let recomputed = try step(&context, recompute: true, frozen: true)
        #expect((Self.depth..<Self.depth + 12).contains(recomputed.1), "\(recomputed.1) activations")
        #expect(kept.1 > 2 * recomputed.1, "\(kept.1) activations against \(recomputed.1)")
    }

    /// No operation holds the tape that holds it.
    @Test(arguments: OperationCase.all) func aTapeThatIsDroppedIsFreed(_ item: OperationCase) {
        var context = ForwardContext(team: Team(threads: 1))
        context.dropout = DropoutStream(seed: 7, step: 3)
        weak var dropped: Tape?
        do {
            dropped = context.startTape()
            _ = item.forward(item.tensors(), context)
            context.endTape()
        }
        #expect(dropped == nil)
    }

    @Test func aTapeThatIsDroppedGivesEverythingBack() throws {
        var context = ForwardContext(team: Team(threads: 1))
        for _ in 0..<3 {
            let before = context.poolByteCount
            _ = context.startTape()
            var y = x.asParameter
            for _ in 0..<8 { y = context.activate(y, .tanh) }
            context.endTape()
            #expect(before == 0 || context.poolByteCount == before)
        }
    }
}
