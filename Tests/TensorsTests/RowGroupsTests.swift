import Tensors
import Testing

@Suite struct RowGroupsTests {
    /// In order, each row once, none with more than may pass together, and none left with a few where others have many.
    @Test func shareRowsOutEvenly() {
        for count in 0...2000 {
            for start in [0, 7] {
                let rows = start..<start + count
                let groups = Array(RowGroups(rows))
                #expect(groups.flatMap { Array($0) } == Array(rows))
                #expect(groups.count == (count + RowGroups.largest - 1) / RowGroups.largest)
                let sizes = groups.map(\.count)
                guard let most = sizes.max(), let least = sizes.min() else { continue }
                #expect(least > 0 && most <= RowGroups.largest && most - least <= 24 * groups.count, "\(sizes)")
            }
        }
    }
}
