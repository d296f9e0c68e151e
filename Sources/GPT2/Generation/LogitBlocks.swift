internal import Kernels
internal import Runtime

/// A row of logits in blocks of 64 with their maxima: finding the few largest then means looking into few blocks.
struct LogitBlocks: ~Copyable {
    private static let size = Int(KERNELS_MAXIMA_BLOCK)

    /// The largest logit of each block; of a row without NaN.
    let maxima: UnsafeMutableBufferPointer<Float>

    var count: Int { maxima.count }

    init(vocabularySize: Int) {
        maxima = .allocate(capacity: (vocabularySize + Self.size - 1) / Self.size)
    }

    deinit { maxima.deallocate() }

    /// Fills ``maxima``.
    ///
    /// - Returns: the largest logit, or NaN if one of them is not a number.
    func measure(_ row: UnsafeBufferPointer<Float>) -> Float {
        Processor.kernels.pointee.block_maxima(row.count, row.baseAddress, maxima.baseAddress)
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
