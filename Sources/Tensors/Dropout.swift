internal import Kernels
internal import Runtime

/// The random numbers of dropout in one forward pass: they depend on the seed, the step, the place in the network and the
/// row, and on nothing else, so that results do not depend on threads, on how a batch is split or on recomputation.
public final class DropoutStream {
    let seed: UInt64
    let step: UInt64
    /// The number of the batch's first row among all rows of the step.
    public let firstRow: Int
    /// How many dropouts the pass has met.
    var position: UInt64 = 0

    /// - Parameters:
    ///   - step: passes of different steps are independent.
    ///   - firstRow: where this batch stands among those of the same step, so that two halves drop what the whole drops.
    public init(seed: UInt64, step: Int, firstRow: Int = 0) {
        self.seed = seed
        self.step = UInt64(step)
        self.firstRow = firstRow
    }

    /// A stream of its own for each dropout of each step.
    func next() -> UInt64 {
        position += 1
        return step << 20 | position
    }
}

extension ForwardContext {
    /// Whether dropout at this rate would drop anything.
    public func drops(_ rate: Double) -> Bool { dropout != nil && rate > 0 }

    /// Sets elements to zero with probability `rate` and divides the others by 1 - `rate` (Srivastava et al., 2014), where
    /// the context has a ``dropout`` stream; without one, `x` itself.
    public func dropout(_ x: Tensor, rate: Double) -> Tensor {
        guard let dropout, rate > 0 else { return x }
        let mask = DropoutMask(rate: rate, seed: dropout.seed, stream: dropout.next())
        let first = dropout.firstRow * x.shape[-1]
        func apply(_ source: Tensor, _ context: ForwardContext) -> Tensor {
            let y = context.tensor(source.shape)
            context.team.run(
                DropoutTask(mask: mask, first: first, x: source, y: y, kernels: kernels),
                operations: source.shape.count * 10)
            return y
        }
        return record(.dropout, apply(x, self), from: x) { dy, pass in
            pass.addOwned(apply(dy, pass.context), to: x)
        }
    }
}

/// Which elements one dropout keeps.
struct DropoutMask {
    let seed: UInt64
    let stream: UInt64
    let threshold: UInt32
    let scale: Float

    init(rate: Double, seed: UInt64, stream: UInt64) {
        precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate)")
        self.seed = seed
        self.stream = stream
        threshold = UInt32(min((rate * 0x1p32).rounded(), 0x1p32 - 1))
        scale = Float(1 / (1 - rate))
    }

    func apply(
        _ count: Int, at position: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
        _ kernels: kernels_table
    ) {
        kernels.dropout(count, seed, stream, UInt64(position), threshold, scale, x, y)
    }
}

private struct DropoutTask: TeamTask {
    let mask: DropoutMask
    /// The position of the first element.
    let first: Int
    let x: Tensor
    let y: Tensor
    let kernels: kernels_table

    func run(part: Int, of parts: Int) {
        let count = x.shape.count
        let (start, end) = (count * part / parts, count * (part + 1) / parts)
        mask.apply(end - start, at: first + start, x.floats + start, y.floats + start, kernels)
    }
}
