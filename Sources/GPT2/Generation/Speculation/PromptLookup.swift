internal import Tokenizers

/// Proposes what followed the text's last tokens where they stood before: after the longest match, and the latest of
/// equally long ones.
final class PromptLookup: Proposer {
    /// One token alone says little about what follows.
    private static let shortestMatch = 2
    /// Beyond this, a match is as good as a longer one.
    private static let longestMatch = 8

    func propose(_ count: Int, after text: [TokenID], into proposal: inout [TokenID]) {
        guard let start = continuation(of: text) else { return }
        for i in start..<start + count {
            // What follows a match that overlaps the text's end is the proposal itself: the text goes round.
            proposal.append(i < text.count ? text[i] : proposal[i - text.count])
        }
    }

    /// Where the text goes on after its last tokens' earlier place.
    private func continuation(of text: [TokenID]) -> Int? {
        var longest = Self.shortestMatch - 1
        var start: Int?
        for end in (0..<text.count).reversed() {
            var length = 0
            while length < min(end, Self.longestMatch), text[end - 1 - length] == text[text.count - 1 - length] {
                length += 1
            }
            if length > longest { (longest, start) = (length, end) }
            if longest == Self.longestMatch { break }
        }
        return start
    }
}
