package import Kernels
public import Runtime

/// The kernels of one instruction set, as tasks carry them: by their address, for the table has more than 200 bytes.
package typealias KernelTable = UnsafePointer<kernels_table>

/// What varies from one forward pass to another: who computes, what looks on, where intermediates live.
///
/// Training, generating, serving and inspecting run the same model code and differ only in this value. One thread uses
/// it at a time; it keeps its buffers from one pass to the next, so make one and reuse it.
public struct ForwardContext {
    /// The threads that share the work. Results do not depend on their number.
    public let team: Team
    /// What looks at intermediates or replaces them; nil costs nothing.
    public var taps: Taps?
    /// What records the pass for gradients; see ``startTape(addingTo:)``.
    public internal(set) var tape: Tape?
    /// Where dropout takes its random numbers from; nil, as in everything but training, drops nothing.
    public var dropout: DropoutStream?

    package let pool = BufferPool()
    package let kernels: KernelTable

    public init(team: Team = .shared, taps: Taps? = nil) {
        self.team = team
        self.taps = taps
        kernels = Processor.kernels
    }

    /// With the kernels of one instruction set, or nil where this processor cannot run it.
    package init?(team: Team = .shared, instructionSet: String) {
        guard let table = kernels_named(instructionSet) else { return nil }
        self.team = team
        kernels = table
    }

    /// Bytes of all the buffers that this context has needed so far; they are kept and used again.
    public var poolByteCount: Int { pool.byteCount }

    /// A tensor to be filled by the operation that asks for it.
    package func tensor(_ shape: Shape) -> Tensor { Tensor(buffer: pool.take(shape.count), shape: shape) }

    /// Shows `value` to whoever looks at this point and returns what they made of it.
    public func tap(
        _ site: TapPoint.Site, layer: Int? = nil, isCross: Bool = false, _ value: Tensor
    ) -> Tensor {
        guard let taps else { return value }
        return taps.pass(value, at: TapPoint(site, layer: layer, isCross: isCross))
    }

    /// Whether anybody looks at this point, so that an operation must not fuse it away.
    public func isTapped(_ site: TapPoint.Site, layer: Int? = nil, isCross: Bool = false) -> Bool {
        guard let taps else { return false }
        return taps.watches(TapPoint(site, layer: layer, isCross: isCross))
    }
}
