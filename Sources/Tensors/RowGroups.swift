/// Runs of rows that pass a block of weights together, in order: as few as may be and of about one size, so that no run of a few
/// rows is left, for which all weights would be read again.
package struct RowGroups: Sequence, IteratorProtocol {
    /// With 256 of their elements each, so many rows fill half of a second cache.
    package static let largest = 264
    /// Whole tiles of the kernels, which are of six rows or 24.
    private static let tile = 24

    private var rest: Range<Int>
    private let size: Int

    /// - Parameter largest: no run is longer; a multiple of 24, or as good as the multiple below it.
    package init(_ rows: Range<Int>, largest: Int) {
        let largest = Swift.max(largest / Self.tile, 1) * Self.tile
        rest = rows
        let groups = (rows.count + largest - 1) / largest
        size = groups == 0 ? 0 : (rows.count + Self.tile * groups - 1) / (Self.tile * groups) * Self.tile
    }

    package mutating func next() -> Range<Int>? {
        if rest.isEmpty { return nil }
        let group = rest.prefix(size)
        rest = rest.dropFirst(size)
        return group
    }
}
