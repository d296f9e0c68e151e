import Runtime
import Tensors
import Testing

/// Muon's Newton-Schulz iteration against the same in double precision, and what it is for: near-orthonormal rows.
@Suite("Orthogonalisation") struct OrthogonalizationTests {
    private func transposed(_ x: Numbers) -> Numbers {
        var y = Numbers(Shape(x.columns, x.rows))
        for i in 0..<x.rows { for j in 0..<x.columns { y[j, i] = x[i, j] } }
        return y
    }

    private func expected(_ x: Numbers) -> Numbers {
        if x.rows > x.columns { return transposed(expected(transposed(x))) }
        let norm = x.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        var y = Reference.scale(x, by: 1 / (norm + 1e-7))
        for _ in 0..<5 {
            let gram = Reference.linear(y, y, transposed: true)
            let mixed = Reference.add(
                Reference.scale(gram, by: -4.7750), Reference.scale(Reference.linear(gram, gram), by: 2.0315))
            y = Reference.add(Reference.scale(y, by: 3.4445), Reference.linear(mixed, y))
        }
        return y
    }

    @Test(arguments: [(1, 1), (3, 5), (5, 3), (40, 40), (20, 300), (130, 17)])
    func likeTheTwin(rows: Int, columns: Int) throws {
        let x = Tensor.normal(Shape(rows, columns), seed: 4)
        let found = Numbers(ForwardContext().orthogonalized(x))
        let wanted = expected(Numbers(x))
        for (one, other) in zip(found.values, wanted.values) { #expect(abs(one - other) <= 1e-4 * wanted.largest) }
        // A product with its transpose has the squares of the singular values.
        let short = rows > columns ? transposed(found) : found
        let gram = Reference.linear(short, short, transposed: true)
        for i in 0..<short.rows { #expect((0.2...1.7).contains(gram[i, i]), "\(gram[i, i])") }
    }

    @Test func sameBitsOnAllThreads() {
        let x = Tensor.normal(Shape(70, 90), seed: 4)
        let found = [1, 2, 3].map { ForwardContext(team: Team(threads: $0)).orthogonalized(x).values }
        #expect(found[1] == found[0] && found[2] == found[0])
    }

    @Test func zerosStayZeros() {
        #expect(ForwardContext().orthogonalized(.zeros(Shape(3, 4))).values.allSatisfy { $0 == 0 })
    }
}
