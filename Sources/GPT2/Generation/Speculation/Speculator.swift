internal import Files
internal import Runtime
internal import Tensors
internal import Tokenizers

/// What is guessed to come next in a text, and how much of it has come true.
///
/// A forward pass reads the text's last token and the proposal; its row r says what comes after the first r of the
/// proposed tokens. Without a proposer, the proposal is always empty.
struct Speculator {
    private let proposer: (any Proposer)?
    private var length: ProposalLength
    /// What the last forward pass has read beyond the text.
    private(set) var proposal: [TokenID] = []
    /// How many of its tokens have come true.
    private(set) var accepted = 0
    private var counts = Speculation.Counts()

    /// - Parameters:
    ///   - capacity: how many tokens are ever read.
    ///   - context: the model's own; a draft takes turns with it.
    /// - Throws: ``InputError`` of kind `usage` if a draft does not fit the model.
    init(
        _ options: GenerationOptions, for model: GPT2Model, philox: Philox, capacity: Int, _ context: ForwardContext
    ) throws(InputError) {
        let limit: Int
        switch options.speculation {
        case .none: (proposer, limit) = (nil, 0)
        case .promptLookup(let size): (proposer, limit) = (PromptLookup(), size)
        case .draft(let draft, let size):
            proposer = try DraftModel(draft, for: model, options: options, philox: philox, capacity: capacity, context)
            limit = size
        }
        length = ProposalLength(limit: limit)
        proposal.reserveCapacity(limit)
    }

    /// Makes a new proposal, perhaps an empty one.
    ///
    /// - Parameter room: the most tokens that may follow the text.
    mutating func propose(after text: [TokenID], room: Int) throws(InputError) {
        guard let proposer else { return }
        length.record(proposed: proposal.count, accepted: accepted)
        proposal.removeAll(keepingCapacity: true)
        accepted = 0
        let count = min(length.next(), room)
        if count > 0 { try proposer.propose(count, after: text, into: &proposal) }
        counts.forwardPasses += 1
        counts.proposedTokens += proposal.count
    }

    /// Compares the text's next token with the proposal.
    ///
    /// - Returns: whether it came true, so that what comes after it is known too.
    mutating func accept(_ token: TokenID) -> Bool {
        guard accepted < proposal.count, proposal[accepted] == token else { return false }
        accepted += 1
        counts.acceptedTokens += 1
        return true
    }

    /// What it has come to so far; nil where nothing is ever proposed.
    var outcome: Speculation.Counts? { proposer == nil ? nil : counts }
}
