internal import Kernels
internal import Runtime

/// The random numbers of dropout in one forward pass: they depend on the seed, the step, the place in the network and the
/// row, and on nothing else, so that results do not depend on threads, on how a batch is split or on recomputation.
///
/// A part of a batch says where it stands in the whole: by rows, where all tensors of the pass have as many, or by
/// sequences, where those of an encoder and of a decoder are of different lengths.
public final class DropoutStream {
    let seed: UInt64
    let step: UInt64
    private let start: Start
    /// How many dropouts the pass has met.
    var position: UInt64 = 0

    /// Where a batch stands among those of the same step.
    private enum Start {
        case row(Int)
        case sequence(Int, count: Int)
    }

    private init(seed: UInt64, step: Int, start: Start) {
        precondition(step >= 0, "a step of number \(step)")
        self.seed = seed
        self.step = UInt64(step)
        self.start = start
    }

    /// - Parameters:
    ///   - step: passes of different steps are independent.
    ///   - firstRow: the number of the batch's first row among all rows of the step, so that two halves drop what the whole
    ///     drops.
    public convenience init(seed: UInt64, step: Int, firstRow: Int = 0) {
        self.init(seed: seed, step: step, start: .row(firstRow))
    }

    /// For a batch of sequences that have one length in each of its tensors.
    ///
    /// - Parameters:
    ///   - firstSequence: the number of its first sequence among all of the step.
    ///   - sequences: how many it has.
    public convenience init(seed: UInt64, step: Int, firstSequence: Int, sequences: Int) {
        precondition(sequences > 0, "\(sequences) sequences")
        self.init(seed: seed, step: step, start: .sequence(firstSequence, count: sequences))
    }

    /// The number of a tensor's first row among those of the whole step.
    func firstRow(of rows: Int) -> Int {
        switch start {
        case .row(let row): return row
        case .sequence(let first, let count):
            precondition(rows.isMultiple(of: count), "\(rows) rows of \(count) sequences of one length")
            return first * (rows / count)
        }
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
    ///
    /// - Parameters:
    ///   - x: [..., C].
    ///   - rate: from 0 to below 1.
    /// - Returns: the shape of `x`.
    public func dropout(_ x: Tensor, rate: Double) -> Tensor {
        guard let dropout, rate > 0 else { return x }
        let mask = DropoutMask(rate: rate, seed: dropout.seed, stream: dropout.next())
        let first = dropout.firstRow(of: x.rows) * x.shape[-1]
        func apply(_ source: Tensor, _ context: ForwardContext) -> Tensor {
            let y = context.tensor(source.shape)
            context.team.run(
                DropoutTask(mask: mask, first: first, x: source, y: y, kernels: context.kernels),
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
        _ kernels: KernelTable
    ) {
        kernels.pointee.dropout(count, seed, stream, UInt64(position), threshold, scale, x, y)
    }
}

private struct DropoutTask: TeamTask {
    let mask: DropoutMask
    /// The position of the first element.
    let first: Int
    let x: Tensor
    let y: Tensor
    let kernels: KernelTable

    func run(part: Int, of parts: Int) {
        let count = x.shape.count
        let (start, end) = (count * part / parts, count * (part + 1) / parts)
        mask.apply(end - start, at: first + start, x.floats + start, y.floats + start, kernels)
    }
}
