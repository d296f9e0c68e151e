package import Runtime

/// What the machine does at best, by short probes.
package struct MachineLimits: Sendable {
    /// Bytes read from memory.
    package let bytesPerSecond: Double
    /// Floating-point operations of fused multiply-adds on floats, a multiply-add being two.
    package let operationsPerSecond: Double

    package init(bytesPerSecond: Double, operationsPerSecond: Double) {
        self.bytesPerSecond = bytesPerSecond
        self.operationsPerSecond = operationsPerSecond
    }

    package init(measuring team: Team) {
        bytesPerSecond = Processor.measuredBandwidth(team: team)
        operationsPerSecond = Processor.measuredFLOPs(team: team)
    }

    /// The better of two probes each: what disturbs one makes it slower, never faster.
    package func best(_ other: MachineLimits) -> MachineLimits {
        MachineLimits(
            bytesPerSecond: max(bytesPerSecond, other.bytesPerSecond),
            operationsPerSecond: max(operationsPerSecond, other.operationsPerSecond))
    }

    /// The least time that the work takes.
    package func seconds(for work: ForwardWork) -> Double {
        max(Double(work.bytes) / bytesPerSecond, Double(work.operations) / operationsPerSecond)
    }

    /// Whether reading takes longer than computing.
    package func isMemoryBound(_ work: ForwardWork) -> Bool {
        Double(work.bytes) / bytesPerSecond > Double(work.operations) / operationsPerSecond
    }
}
