internal import Tokenizers

/// Turns tokens into the text to show: whole characters only, and nothing from a stop text on.
struct TextDelivery: Sendable {
    private var decoder: StreamingDecoder
    private var stops: StopMatcher
    /// All that was shown.
    private(set) var text = ""

    init(_ tokenizer: Tokenizer, stop: [String]) {
        decoder = StreamingDecoder(tokenizer)
        stops = StopMatcher(stop)
    }

    /// Whether a stop text has ended the text.
    var isStopped: Bool { stops.isStopped }

    /// - Returns: what can be shown now.
    mutating func append(_ token: TokenID) -> String {
        show(stops.append(decoder.append(token)))
    }

    /// Ends the text.
    ///
    /// - Returns: what was held back until now.
    mutating func finish() -> String {
        var rest = stops.append(decoder.finish())
        if !stops.isStopped { rest += stops.finish() }
        return show(rest)
    }

    private mutating func show(_ piece: String) -> String {
        text += piece
        return piece
    }
}
