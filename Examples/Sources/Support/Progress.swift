import Foundation

/// A line now and then that says how far a training run is.
package struct Progress {
    private let steps: Int
    private let interval: Int
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var losses: [Double] = []

    /// - Parameter interval: steps between lines.
    package init(steps: Int, interval: Int = 100) {
        self.steps = steps
        self.interval = interval
        start = clock.now
    }

    /// To be told after each step, counted from 1; a line has the mean of the losses since the last one.
    package mutating func show(step: Int, loss: Double) {
        losses.append(loss)
        guard step.isMultiple(of: interval) || step == steps else { return }
        let elapsed = (clock.now - start) / .seconds(1)
        let left = elapsed / Double(step) * Double(steps - step)
        let mean = losses.reduce(0, +) / Double(losses.count)
        note(
            "step \(step) of \(steps): loss \(mean.rounded(4)), \(Int(elapsed.rounded())) s, \(Int(left.rounded())) s left"
        )
        losses.removeAll()
    }
}

extension Double {
    /// To `places` places behind the point.
    package func rounded(_ places: Int) -> String { String(format: "%.\(places)f", self) }
}
