import Tensors
import Testing

@Suite struct RowGroupsTests {
    /// In order, each row once, none with more than may pass together, and none left with a few where others have many.
    @Test(arguments: [(RowGroups.largest, RowGroups.largest), (144, 144), (675, 672), (25, 24), (7, 24)])
    func shareRowsOutEvenly(asked: Int, largest: Int) {
        for count in 0...2000 {
            let rows = 7..<7 + count
            let groups = Array(RowGroups(rows, largest: asked))
            #expect(groups.flatMap { Array($0) } == Array(rows))
            #expect(groups.count == (count + largest - 1) / largest)
            let sizes = groups.map(\.count)
            guard let most = sizes.max(), let least = sizes.min() else { continue }
            #expect(least > 0 && most <= largest && most - least <= 24 * groups.count, "\(sizes)")
        }
    }
}
