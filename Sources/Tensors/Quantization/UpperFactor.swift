internal import Runtime

/// The upper triangular R with R Rᵀ = XᵀX + d I: Cholesky's factor, made from the last row up.
///
/// The damping d keeps inputs that were never or only jointly seen from being free to take any weight (Frantar et al.,
/// arXiv:2210.17323, section 3.3).
package struct UpperFactor {
    /// [n, n]; what is below the diagonal means nothing.
    package let factor: Tensor
    /// d.
    package let damping: Float

    /// n.
    package var inputs: Int { factor.shape[0] }

    private static let columnsTogether = 64

    /// Damps by a hundredth of the mean of the diagonal, or the least number that is rounded as others are, and tenfold again
    /// while rounding leaves no factor.
    ///
    /// - Returns: nil where the moments are not all numbers.
    package init?(_ moments: SecondMoments, _ context: ForwardContext) {
        let n = moments.inputs
        var sum = 0.0
        for i in 0..<n { sum += Double(moments.upper.floats[i * n + i]) }
        guard sum.isFinite else { return nil }
        // Where all inputs were 0, no weight is better than another.
        var damping = sum > 0 ? max(Float(sum / Double(n) / 100), .leastNormalMagnitude) : 1
        while damping.isFinite {
            if let factor = Self.factor(of: moments, damping: damping, context) {
                self.factor = factor
                self.damping = damping
                return
            }
            damping *= 10
        }
        return nil
    }

    /// Some columns at a time, from the last on: what the columns after them say of them is a product of matrices, and the
    /// rest is solved row by row.
    private static func factor(of moments: SecondMoments, damping: Float, _ context: ForwardContext) -> Tensor? {
        let n = moments.inputs
        let factor = context.tensor(moments.upper.shape)
        factor.floats.update(from: moments.upper.floats, count: n * n)
        let view = MatrixView(factor)
        let products = context.tensor(Shape(n, columnsTogether))
        for end in stride(from: n, to: 0, by: -columnsTogether) {
            let start = max(end - columnsTogether, 0)
            let known = MatrixView(products).part(rows: 0..<end, columns: 0..<end - start)
            context.multiply(
                view.part(rows: 0..<end, columns: end..<n),
                view.part(rows: start..<end, columns: end..<n).transposed, into: known)
            context.forEachRange(of: end, cost: columnsTogether) { first, count in
                for row in first..<first + count {
                    let (target, product) = (factor.floats + row * n + start, known.pointer(row, 0))
                    for column in 0..<end - start { target[column] -= product[column] }
                    if row >= start { target[row - start] += damping }
                }
            }
            guard factorDiagonal(factor.floats + start * n + start, count: end - start, stride: n) else { return nil }
            context.forEachRange(of: start, cost: columnsTogether * columnsTogether) { first, count in
                for row in first..<first + count {
                    solve(factor.floats + row * n + start, factor.floats + start * n + start, count: end - start, n)
                }
            }
        }
        return factor
    }

    /// Puts the factor of a small matrix in its place; false if it has none.
    private static func factorDiagonal(_ matrix: UnsafeMutablePointer<Float>, count: Int, stride: Int) -> Bool {
        for row in Swift.stride(from: count - 1, through: 0, by: -1) {
            let entries = matrix + row * stride
            // Rows below are done. Those right of the diagonal need only them.
            solve(entries, matrix, count: count, stride, downTo: row + 1)
            var pivot = entries[row]
            for k in row + 1..<count { pivot -= entries[k] * entries[k] }
            guard pivot > 0, pivot.isFinite else { return false }
            entries[row] = pivot.squareRoot()
        }
        return true
    }

    /// Replaces the row h by the x with x Tᵀ = h, T upper triangular; from the last column down to `first`.
    private static func solve(
        _ row: UnsafeMutablePointer<Float>, _ triangle: UnsafeMutablePointer<Float>, count: Int, _ stride: Int,
        downTo first: Int = 0
    ) {
        for k in Swift.stride(from: count - 1, through: first, by: -1) {
            let entries = triangle + k * stride
            var sum = row[k]
            for j in k + 1..<count { sum -= row[j] * entries[j] }
            row[k] = sum / entries[k]
        }
    }
}
