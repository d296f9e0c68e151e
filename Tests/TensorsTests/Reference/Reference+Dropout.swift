import Runtime
import Tensors

extension Reference {
    /// The random numbers of one dropout: the first of step `step` has number 1.
    struct Dropout {
        var rate: Double
        var seed: UInt64 = 7
        var step: UInt64 = 3
        var number: UInt64 = 1
        /// The first row's number among all rows of the step.
        var firstRow = 0

        /// 0 or 1 / (1 - rate), by the element's position.
        func factor(_ position: Int) -> Double {
            let philox = Philox(seed: seed, stream: step << 20 | number)
            let word = philox.words(at: UInt64(position / 4))[position % 4]
            return Double(word) < (rate * 0x1p32).rounded() ? 0 : 1 / (1 - rate)
        }

        /// Of an element of a tensor whose rows have `width` elements.
        func factor(row: Int, column: Int, width: Int) -> Double { factor((firstRow + row) * width + column) }

        /// Of a weight of attention: 2^20 positions for each head of each query.
        func factor(query: Int, head: Int, of heads: Int, key: Int) -> Double {
            factor(((firstRow + query) * heads + head) << 20 + key)
        }
    }

    static func dropout(_ x: Numbers, _ dropout: Dropout) -> Numbers {
        var y = x
        for row in 0..<x.rows {
            for column in 0..<x.columns { y[row, column] *= dropout.factor(row: row, column: column, width: x.columns) }
        }
        return y
    }
}
