/// A named intermediate of the forward pass, in the style of TransformerLens' hook points.
public struct TapPoint: Hashable, Sendable, CustomStringConvertible {
    /// What is seen there. R is all rows of the batch, C channels, H heads, D head size, F inner channels.
    public enum Site: String, Sendable, CaseIterable {
        /// [R, C], the tokens' vectors; of a source and a target one after the other. No layer.
        case tokenEmbedding
        /// [R, C], the positions' vectors, likewise. No layer.
        case positionEmbedding
        /// [R, C], the residual stream as it enters the block.
        case residualBefore
        /// [R, 2], mean and 1/√(variance + ε) of each row in the norm of attention.
        case norm1Statistics
        /// [R, C], what the norm of attention gives: to attention where norms come first, else to the stream after it.
        case norm1
        /// [R, H, D].
        case query
        /// [R, H, D], before it enters the cache.
        case key
        /// [R, H, D], before it enters the cache.
        case value
        /// [H, rows, keys] of one sequence, seen once for each sequence of the batch in turn, as the weights meet the values:
        /// each row sums to one but for dropout.
        case attentionPattern
        /// [R, H, D], what each head found, before the output projection.
        case headOutputs
        /// [R, C], what attention adds to the residual stream.
        case attentionOutput
        /// [R, C], the residual stream after attention.
        case residualMiddle
        /// [R, 2], as ``norm1Statistics`` for the norm of the feed-forward network.
        case norm2Statistics
        /// [R, C], what the norm of the feed-forward network gives: to that network, or to the stream after it.
        case norm2
        /// [R, F], before the activation.
        case feedForwardInner
        /// [R, F], after the activation.
        case feedForwardActivated
        /// [R, C], what the feed-forward network adds to the residual stream.
        case feedForwardOutput
        /// [R, C], the residual stream as it leaves the block.
        case residualAfter
        /// [R, 2], as ``norm1Statistics`` for the norm after the last block. No layer.
        case finalNormStatistics
        /// [R, C], what that norm gives: to the head, or as an encoder's to the decoder. No layer.
        case finalNorm
        /// [rows asked for, V]. No layer.
        case logits
    }

    public let site: Site
    /// The block, counted from 0; nil for what is outside the blocks.
    public let layer: Int?
    /// Whether this is the site in the attention to another sequence, of its norm or after it, where a block has one beside
    /// its self-attention.
    public let isCross: Bool

    public init(_ site: Site, layer: Int? = nil, isCross: Bool = false) {
        self.site = site
        self.layer = layer
        self.isCross = isCross
    }

    /// As in "h.3.residualAfter", "h.3.cross.attentionPattern" or "logits".
    public var description: String {
        (layer.map { "h.\($0)." } ?? "") + (isCross ? "cross." : "") + site.rawValue
    }
}

/// Closures that look at intermediates of the forward pass, or put others in their place.
///
///     let taps = Taps()
///     taps.read(TapPoint(.residualAfter, layer: 3)) { print($0.shape) }
///     taps.replace(TapPoint(.attentionOutput, layer: 0)) { Tensor(Array(repeating: 0, count: $0.shape.count), shape: $0.shape) }
///
/// They are called on the thread that runs the forward pass. Reading changes no bit of the result, nor does a
/// replacement by what was there.
public final class Taps {
    private var bodies: [TapPoint: [(Tensor) -> Tensor]] = [:]

    public init() {}

    /// Calls `body` with what is at `point` in every pass from now on.
    public func read(_ point: TapPoint, _ body: @escaping (Tensor) -> Void) {
        replace(point) {
            body($0)
            return $0
        }
    }

    /// Puts what `body` returns, of the same shape, in place of what is at `point`; after those given before.
    ///
    /// Under a tape, gradients flow through a replacement that `body` makes with the pass's context, and stop at one that it
    /// makes otherwise.
    public func replace(_ point: TapPoint, with body: @escaping (Tensor) -> Tensor) {
        bodies[point, default: []].append(body)
    }

    package func watches(_ point: TapPoint) -> Bool { bodies[point] != nil }

    package func pass(_ value: Tensor, at point: TapPoint) -> Tensor {
        guard let bodies = bodies[point] else { return value }
        return bodies.reduce(value) { value, body in
            let replacement = body(value)
            precondition(replacement.shape == value.shape, "\(point): \(replacement.shape) in place of \(value.shape)")
            return replacement
        }
    }
}
