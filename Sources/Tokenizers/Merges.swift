/// The rules of byte-pair encoding: a token for every byte, and what neighbours become.
///
/// Each merge comes after all merges that make its parts (``VocabularyBuilder`` sees to it). So a merge never enables an
/// earlier one, and places where the same merge applies matter to each other only where they overlap.
struct Merges: Sendable {
    var table: MergeTable
    /// 256 tokens.
    var byteTokens: [UInt32]
}
