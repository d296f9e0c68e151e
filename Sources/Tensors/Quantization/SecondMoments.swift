/// XᵀX over all rows X that a linear map has met: what an error in its weights costs, Σ |x e|² = eᵀ XᵀX e.
package struct SecondMoments {
    /// n, how many numbers go into the map.
    package let inputs: Int
    /// [n, n], of which only the diagonal and what is above it are filled.
    let upper: Tensor

    private static let columnsTogether = 256

    package init(inputs: Int) {
        self.inputs = inputs
        upper = .zeros(Shape(inputs, inputs))
    }

    /// Adds rows to the sums.
    ///
    /// - Parameter x: [..., n].
    package func add(_ x: Tensor, _ context: ForwardContext) {
        let x = x.reshaped(Shape(x.shape.count / inputs, inputs))
        let (rows, sums) = (MatrixView(x), MatrixView(upper))
        for start in stride(from: 0, to: inputs, by: Self.columnsTogether) {
            let end = min(start + Self.columnsTogether, inputs)
            context.multiply(
                rows.part(rows: 0..<x.rows, columns: 0..<end).transposed,
                rows.part(rows: 0..<x.rows, columns: start..<end),
                into: sums.part(rows: 0..<end, columns: start..<end), accumulate: true)
        }
    }
}
