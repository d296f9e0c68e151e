#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// How the learning rate changes from step to step.
///
/// Every schedule may begin with a linear warm-up. What happens then is ``Decay``'s.
///
/// Source: `get_lr` of nanoGPT's `train.py`, whose steps are counted from 0: step i of w warm-up steps has the rate
/// peak · (i + 1) / (w + 1).
public struct Schedule: Sendable, Equatable {
    public enum Decay: String, Sendable, CaseIterable, Codable {
        /// The peak, to the end.
        case constant
        /// In a straight line from the peak to the minimum.
        case linear
        /// Along half a cosine from the peak to the minimum.
        case cosine
    }

    public var decay: Decay
    /// The highest rate.
    public var peak: Double
    /// The rate at the end of the decay and after it.
    public var minimum: Double
    /// The number of steps before the peak is reached.
    public var warmupSteps: Int
    /// The step from which the rate falls, counted from 0; nil for the end of the warm-up. Later than that, the rate is
    /// stable meanwhile ("warmup-stable-decay", Hu et al., arXiv:2404.06395).
    public var decayStart: Int?
    /// The step at which the minimum is reached, counted from 0.
    public var decayEnd: Int

    public init(
        _ decay: Decay, peak: Double, minimum: Double = 0, warmupSteps: Int = 0, decayStart: Int? = nil,
        decayEnd: Int = 0
    ) {
        self.decay = decay
        self.peak = peak
        self.minimum = minimum
        self.warmupSteps = warmupSteps
        self.decayStart = decayStart
        self.decayEnd = decayEnd
    }

    /// The learning rate of a step, counted from 0.
    public func rate(at step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps + 1) }
        let start = max(decayStart ?? 0, warmupSteps)
        if decay == .constant || step < start { return peak }
        if step > decayEnd { return minimum }
        // Where the decay takes no time, its one step is still the peak's.
        let progress = Double(step - start) / Double(max(decayEnd - start, 1))
        let share = decay == .linear ? 1 - progress : 0.5 * (1 + cos(.pi * progress))
        return minimum + share * (peak - minimum)
    }
}
