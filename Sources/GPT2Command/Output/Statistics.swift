import GPT2

/// What `--stats` says.
struct Statistics {
    private let timings: Completion.Timings
    private let loadSeconds: Double
    private let isCached: Bool

    /// - Parameter isCached: whether there is a prompt cache to speak of.
    init(_ timings: Completion.Timings, loadSeconds: Double, isCached: Bool) {
        self.timings = timings
        self.loadSeconds = loadSeconds
        self.isCached = isCached
    }

    var text: String {
        """
        load:    \(loadSeconds.fixed(3)) s
        \(isCached ? "cached:  \(timings.cachedTokens) tokens\n" : "")\
        prefill: \(line(timings.prefillTokens, timings.prefillSeconds, timings.prefillTokensPerSecond))
        decode:  \(line(timings.decodeTokens, timings.decodeSeconds, timings.decodeTokensPerSecond))
        \(timings.speculation.map(guesses) ?? "")
        """
    }

    private func guesses(_ counts: Speculation.Counts) -> String {
        "guesses: \(counts.acceptedTokens) of \(counts.proposedTokens) proposed tokens accepted, "
            + "\(counts.forwardPasses) forward passes\n"
    }

    private func line(_ tokens: Int, _ seconds: Double, _ rate: Double) -> String {
        "\(tokens) tokens in \(seconds.fixed(3)) s, \(rate.fixed(1)) tokens/s"
    }
}
