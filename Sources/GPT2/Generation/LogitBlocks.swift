/// A row of logits in blocks of 64 with their maxima: finding the few largest then means looking into few blocks.
struct LogitBlocks: ~Copyable {
    private static let size = 64
    private typealias Lanes = SIMD16<Float>

    /// The largest logit of each block; of a row without NaN.
    let maxima: UnsafeMutableBufferPointer<Float>

    var count: Int { maxima.count }

    init(vocabularySize: Int) {
        maxima = .allocate(capacity: (vocabularySize + Self.size - 1) / Self.size)
    }

    deinit { maxima.deallocate() }

    /// Fills ``maxima``.
    ///
    /// - Returns: the largest logit, or nil if one of them is not a number.
    func measure(_ row: UnsafeBufferPointer<Float>) -> Float? {
        let bytes = UnsafeRawBufferPointer(row)
        var isNaN = SIMDMask<SIMD16<Int32>>(repeating: false)
        var largest = -Float.infinity
        for block in 0..<count {
            let range = range(of: block, in: row)
            var lanes = Lanes(repeating: -.infinity)
            var i = range.lowerBound
            while i + Lanes.scalarCount <= range.upperBound {
                let x = bytes.loadUnaligned(fromByteOffset: 4 * i, as: Lanes.self)
                isNaN .|= x .!= x
                lanes.replace(with: x, where: x .> lanes)
                i += Lanes.scalarCount
            }
            var maximum = lanes.max()
            for x in row[i..<range.upperBound] {
                if x.isNaN { return nil }
                maximum = max(maximum, x)
            }
            maxima[block] = maximum
            largest = max(largest, maximum)
        }
        return any(isNaN) ? nil : largest
    }

    /// The index of the first logit that equals `value`, the largest.
    func firstIndex(of value: Float, in row: UnsafeBufferPointer<Float>) -> Int {
        for block in 0..<count where maxima[block] == value {
            for i in range(of: block, in: row) where row[i] == value { return i }
        }
        return 0
    }

    /// Copies the logits of at least `bound` with their indices, in order.
    ///
    /// - Returns: how many there are.
    func gather(
        from row: UnsafeBufferPointer<Float>, atLeast bound: Float, tokens: UnsafeMutableBufferPointer<Int32>,
        logits: UnsafeMutableBufferPointer<Float>
    ) -> Int {
        var found = 0
        for block in 0..<count where maxima[block] >= bound {
            for i in range(of: block, in: row) where row[i] >= bound {
                tokens[found] = Int32(i)
                logits[found] = row[i]
                found += 1
            }
        }
        return found
    }

    private func range(of block: Int, in row: UnsafeBufferPointer<Float>) -> Range<Int> {
        block * Self.size..<min((block + 1) * Self.size, row.count)
    }
}
