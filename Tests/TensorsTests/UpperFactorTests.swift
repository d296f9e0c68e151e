import Runtime
import Tensors
import Testing

/// The triangular factor of the inputs' second moments, against the moments themselves in double precision.
@Suite struct UpperFactorTests {
    static func factor(of x: Tensor, _ context: ForwardContext = ForwardContext()) -> UpperFactor? {
        let moments = SecondMoments(inputs: x.shape[-1])
        moments.add(x, context)
        return UpperFactor(moments, context)
    }

    /// R Rᵀ = XᵀX + d I, d a hundredth of the diagonal's mean.
    private func check(_ x: Tensor) throws {
        let (rows, n) = (x.rows, x.shape[-1])
        let found = try #require(Self.factor(of: x))
        let (numbers, factor) = (Numbers(x), Numbers(found.factor))
        var moments = Numbers(Shape(n, n))
        for r in 0..<rows { for i in 0..<n { for j in i..<n { moments[i, j] += numbers[r, i] * numbers[r, j] } } }
        let mean = (0..<n).reduce(0) { $0 + moments[$1, $1] } / Double(n)
        #expect(abs(Double(found.damping) - (mean > 0 ? mean / 100 : 1)) <= 1e-5 * Double(found.damping))
        let largest = (0..<n).reduce(Double(found.damping)) { max($0, moments[$1, $1]) }
        for i in 0..<n {
            #expect(factor[i, i] > 0)
            for j in i..<n {
                let product = (j..<n).reduce(0) { $0 + factor[i, $1] * factor[j, $1] }
                let wanted = moments[i, j] + (i == j ? Double(found.damping) : 0)
                #expect(abs(product - wanted) <= 2e-5 * largest, "[\(i), \(j)] of \(n)")
            }
        }
    }

    @Test func ofAllSizes() throws {
        for n in 1...70 { try check(.normal(Shape(2 * n + 3, n), seed: UInt64(n))) }
        for n in [128, 200, 300] { try check(.normal(Shape(n + 50, n), seed: 3)) }
    }

    /// Fewer rows than inputs, inputs that are always 0, and nothing but zeros.
    @Test func ofSingularMoments() throws {
        for n in [2, 31, 65, 200] {
            try check(.normal(Shape(max(n / 3, 1), n), seed: 4))
            let x = Tensor.normal(Shape(n + 9, n), seed: 5)
            try check(Tensor(x.values.enumerated().map { $0.offset % n % 3 == 0 ? 0 : $0.element }, shape: x.shape))
            try check(.zeros(Shape(5, n)))
        }
    }

    /// Moments whose hundredth is no number above 0 any more.
    @Test func ofTinyMoments() throws {
        for n in [31, 65, 200] {
            let tiny = Tensor.normal(Shape(n / 3, n), seed: 4).values.map { $0 * 1e-22 }
            let found = try #require(Self.factor(of: Tensor(tiny, shape: Shape(n / 3, n))))
            #expect(found.damping == .leastNormalMagnitude)
            // Beside the damping there is nothing.
            let (factor, root) = (Numbers(found.factor), Double(found.damping).squareRoot())
            for i in 0..<n {
                #expect(abs(factor[i, i] - root) <= 1e-3 * root)
                for j in i + 1..<n { #expect(abs(factor[i, j]) <= 1e-3 * root) }
            }
        }
    }

    /// Rows come in as many pieces as batches do.
    @Test func piecesAddUp() throws {
        let x = Tensor.normal(Shape(300, 40), seed: 6)
        let context = ForwardContext()
        let moments = SecondMoments(inputs: 40)
        for start in stride(from: 0, to: 300, by: 100) {
            moments.add(Tensor(Array(x.values[start * 40..<(start + 100) * 40]), shape: Shape(100, 40)), context)
        }
        let pieces = try Numbers(#require(UpperFactor(moments, context)).factor)
        let whole = try Numbers(#require(Self.factor(of: x)).factor)
        for i in 0..<40 { for j in i..<40 { #expect(abs(pieces[i, j] - whole[i, j]) <= 1e-4 * whole[i, i]) } }
    }

    @Test func thereIsNoneOfWhatIsNoNumber() {
        for value in [Float.nan, .infinity, 3e30] {
            var numbers = Tensor.normal(Shape(10, 5), seed: 7).values
            numbers[13] = value
            #expect(Self.factor(of: Tensor(numbers, shape: Shape(10, 5))) == nil)
        }
    }
}
