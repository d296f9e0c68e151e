/// Shows on standard error how far a long run is: a bar on a terminal, now and then a plain line elsewhere.
struct ProgressLine {
    private let clock = ContinuousClock()
    private var lastShown: ContinuousClock.Instant?
    private static let barLength = 24

    /// - Parameters:
    ///   - fraction: from 0 to 1.
    ///   - rate: as "850 tokens/s".
    mutating func show(fraction: Double, rate: String, secondsLeft: Double) {
        let pause: Duration = StandardError.isTerminal ? .milliseconds(100) : .seconds(5)
        let now = clock.now
        if let lastShown, now - lastShown < pause { return }
        // Without a terminal the first line can wait: a short run needs none.
        defer { lastShown = now }
        if lastShown == nil, !StandardError.isTerminal { return }
        let fraction = fraction.isFinite ? min(max(fraction, 0), 1) : 0
        let figures = "\((100 * fraction).fixed(0))%, \(rate), \(Self.duration(secondsLeft)) left"
        if StandardError.isTerminal {
            let filled = Int(fraction * Double(Self.barLength))
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barLength - filled)
            StandardError.write("\r\(bar) \(figures)\u{1B}[K")
        } else {
            StandardError.line(figures)
        }
    }

    /// Makes room for the result.
    func end() {
        if StandardError.isTerminal, lastShown != nil { StandardError.write("\r\u{1B}[K") }
    }

    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 360_000 else { return "unknown time" }
        let whole = Int(seconds.rounded())
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        if hours > 0 { return "\(hours) h \(minutes) min" }
        return minutes > 0 ? "\(minutes) min \(whole % 60) s" : "\(whole) s"
    }
}
