internal import Files
internal import Tokenizers

/// Guesses what comes next.
protocol Proposer: AnyObject {
    /// Appends guesses of the tokens after a text, `count` at most, in their order.
    func propose(_ count: Int, after text: [TokenID], into proposal: inout [TokenID]) throws(InputError)
}
