import Tokenizers

/// What was told so far.
struct Story {
    /// Everything, by you and the model; the oldest tokens are forgotten where the context needs room.
    private(set) var tokens: [TokenID] = []
    /// Whether the model ended it.
    private(set) var isFinished = false
    private var needsSpace = false

    private let tokenizer: Tokenizer

    init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
    }

    /// Adds what you tell, parted from what is there by a space.
    mutating func append(_ text: String) {
        let isParted = !needsSpace || text.first.map { $0.isWhitespace || $0.isPunctuation } ?? true
        tokens += tokenizer.encode(isParted ? text : " " + text)
        noteEnd(of: text)
    }

    /// Adds what the model tells.
    mutating func append(_ token: TokenID, _ text: String) {
        tokens.append(token)
        noteEnd(of: text)
    }

    mutating func finish() {
        isFinished = true
    }

    /// The end of the story, so short that `room` tokens more fit the context.
    func prompt(contextLength: Int, room: Int) -> [TokenID] {
        tokens.suffix(max(contextLength - room, 1))
    }

    private mutating func noteEnd(of text: String) {
        if let last = text.last { needsSpace = !last.isWhitespace }
    }
}
