import Files
import Runtime
import Tensors
import TestSupport
import Testing

/// Wrong use of a tape is an error that says what to do, never a crash, and the context works on.
@Suite("Errors of the tape") struct TapeErrorTests {
    private let w = Tensor([1, 2, 3, 4, 5, 6], shape: Shape(2, 3)).asParameter

    /// The error's text holds `fragment`, and the same context computes gradients afterwards.
    private func expect<Result>(
        _ fragment: String, _ context: ForwardContext, at location: SourceLocation = #_sourceLocation,
        _ body: () throws(InputError) -> Result
    ) throws {
        let caught = caughtError(body)
        let error = try #require(caught, sourceLocation: location)
        #expect(error.kind == .usage, sourceLocation: location)
        #expect(error.problem.contains(fragment), "\(error.problem)", sourceLocation: location)
        #expect(error.advice.isEmpty == false, sourceLocation: location)
        var context = context
        let tape = context.startTape()
        let gradients = try tape.gradients(of: context.sum(context.multiply(w, w)), context: context)
        #expect(gradients[w]?.values == [2, 4, 6, 8, 10, 12], sourceLocation: location)
    }

    @Test func tensorAfterItsBackwardPass() throws {
        var context = ForwardContext()
        let tape = context.startTape()
        let y = context.scale(w, by: 2)
        try tape.gradients(of: context.sum(y), context: context)
        let late = context.sum(y)
        try expect("after the backward pass", context) { () throws(InputError) in
            try tape.gradients(of: late, context: context)
        }
    }

    @Test func tensorOfASpentTapeUnderANewOne() throws {
        var context = ForwardContext()
        let first = context.startTape()
        let y = context.scale(w, by: 2)
        try first.gradients(of: context.sum(y), context: context)
        let second = context.startTape()
        let loss = context.sum(context.multiply(y, w))
        try expect("another tape", context) { () throws(InputError) in
            try second.gradients(of: loss, context: context)
        }
    }

    @Test func tensorOfAnotherTape() throws {
        var (one, other) = (ForwardContext(), ForwardContext())
        _ = one.startTape()
        let foreign = one.scale(w, by: 2)
        let tape = other.startTape()
        let loss = other.sum(other.add(foreign, w))
        try expect("another tape", other) { () throws(InputError) in
            try tape.gradients(of: loss, context: other)
        }
        // The output itself is another's.
        let fresh = other.startTape()
        try expect("did not record", other) { () throws(InputError) in
            try fresh.gradients(of: one.sum(foreign), context: other)
        }
    }

    @Test func foreignTensorThatTheLossDoesNotNeed() throws {
        var (one, other) = (ForwardContext(), ForwardContext())
        _ = one.startTape()
        let foreign = one.scale(w, by: 2)
        let tape = other.startTape()
        _ = other.sum(foreign)
        let loss = other.sum(w)
        try expect("another tape", other) { () throws(InputError) in
            try tape.gradients(of: loss, context: other)
        }
    }

    @Test func secondBackwardPass() throws {
        var context = ForwardContext()
        let tape = context.startTape()
        let loss = context.sum(context.scale(w, by: 2))
        let gradients = try tape.gradients(of: loss, context: context)
        try expect("has run already", context) { () throws(InputError) in
            try tape.gradients(of: loss, context: context)
        }
        #expect(gradients[w]?.values == [2, 2, 2, 2, 2, 2])
    }

    @Test func seeds() throws {
        var context = ForwardContext()
        for (seed, fragment) in [
            (nil, "6 numbers at once"), (Tensor([1], shape: Shape(1)), "a seed of shape [1]"),
            (Tensor([1, 1, 1, 1, 1, 1], shape: Shape(3, 2)), "a seed of shape [3, 2] for an output of shape [2, 3]"),
        ] {
            let tape = context.startTape()
            let y = context.scale(w, by: 2)
            try expect(fragment, context) { () throws(InputError) in
                try tape.gradients(of: y, seed: seed, context: context)
            }
            // Refused before anything ran: the right seed still works.
            let gradients = try tape.gradients(of: y, seed: w, context: context)
            #expect(gradients[w]?.values == [2, 4, 6, 8, 10, 12])
        }
    }

    @Test func outputThatDependsOnNoParameter() throws {
        var context = ForwardContext()
        let tape = context.startTape()
        let loss = context.sum(context.scale(w.asConstant, by: 2))
        try expect("did not record", context) { () throws(InputError) in
            try tape.gradients(of: loss, context: context)
        }
    }

    @Test func packedWeights() throws {
        var context = ForwardContext()
        let packed = Weight.packed(.packing(.inputsByOutputs(w), team: context.team))
        let x = Tensor([1, 2], shape: Shape(1, 2)).asParameter
        let tape = context.startTape()
        let y = context.sum(context.linear(x, packed))
        try expect("packed", context) { () throws(InputError) in try tape.gradients(of: y, context: context) }
        let second = context.startTape()
        let loss = context.linearCrossEntropy(x, packed, targets: [1])
        try expect("packed", context) { () throws(InputError) in try second.gradients(of: loss, context: context) }
        // Where no gradient has to pass, packed weights are fine.
        let third = context.startTape()
        let gradients = try third.gradients(
            of: context.sum(context.add(w, context.linear(Tensor([1, 2, 3, 4], shape: Shape(2, 2)), packed))),
            context: context)
        #expect(gradients[w]?.values == [1, 1, 1, 1, 1, 1])
    }

    @Test func cachedKeysAndValues() throws {
        var context = ForwardContext()
        let projections = Tensor.normal(Shape(3, 12), seed: 1).asParameter
        let cache = KVCache(layers: 1, heads: 2, headSize: 2, capacity: 3)
        let spans = [SequenceSpan(cache: cache, firstRow: 0, count: 3, firstPosition: 0)]
        let tape = context.startTape()
        context.storeKeysAndValues(projections, spans: spans, layer: 0)
        let found = context.attention(projections, spans: spans, layer: 0, scale: 1)
        try expect("cache", context) { () throws(InputError) in
            let sum = context.add(found, context.columns(projections, 0..<4))
            return try tape.gradients(of: context.sum(sum), context: context)
        }
    }

    @Test func masksThatNeedGradients() throws {
        var context = ForwardContext()
        let x = Tensor.normal(Shape(2, 4), seed: 1).asParameter
        let bias = Tensor.zeros(Shape(2, 2)).asParameter
        let tape = context.startTape()
        let y = context.multiHeadAttention(
            queries: TensorColumns(x), keys: TensorColumns(x), values: TensorColumns(x), heads: 2, scale: 1,
            spans: AttentionSpan.sequences(1, queries: 2, keys: 2), mask: AttentionMask(additive: bias))
        try expect("mask", context) { () throws(InputError) in
            try tape.gradients(of: context.sum(y), context: context)
        }
    }

    @Test func recomputationThatReachesOutside() throws {
        var context = ForwardContext()
        let tape = context.startTape()
        let outside = context.scale(w, by: 2)
        let y = context.recomputed(w) { x, context in context.multiply(x, outside) }
        try expect("another tape", context) { () throws(InputError) in
            try tape.gradients(of: context.sum(y), context: context)
        }
    }
}
